import type { Guest, GuestBoot } from '../guest.js';
import type { GuestMaker } from '../guest-maker.js';
import type { LaunchedProcess } from '../process-launcher.js';
import { ForkServer, type ForkServerEnd, type ForkServerOptions } from './fork-server.js';

export interface ForkedGuestsOptions extends ForkServerOptions {
  /** Makes a guest of a process that is being forked. */
  readonly adopt: (forking: Promise<LaunchedProcess>) => Promise<Guest>;
  /** Where guests come from when there is no fork server. */
  readonly start: (boot: GuestBoot) => Promise<Guest>;
}

/** Servers in a row that end before they have forked anything; after them guests are started, not forked. */
const failuresMax = 3;

/** Guests forked from one interpreter that has booted. A server that ends is replaced when the next guest is wanted. */
export class ForkedGuests implements GuestMaker {
  readonly #options: ForkedGuestsOptions;
  #server: Promise<ForkServer> | undefined;
  /** Of #server, once it has started. */
  #running: ForkServer | undefined;
  #failures = 0;
  #closed = false;

  constructor(options: ForkedGuestsOptions) {
    this.#options = options;
  }

  /** Whatever keeps the server from forking, a guest is started instead. */
  async make(boot: GuestBoot): Promise<Guest> {
    if (this.#usable(boot)) {
      try {
        const server = await this.#current();
        return await this.#options.adopt(server.fork(boot.setup ?? {}, boot));
      } catch {
        // Nothing of the user has run: a started process will do as well.
      }
    }
    return this.#options.start(boot);
  }

  retire(idleMs: number): void {
    void this.#server?.then(
      (server) => {
        if (this.#options.clock.nowMs() - server.usedAtMs >= idleMs) void server.close();
      },
      () => {},
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    const server = await this.#server?.catch(() => undefined);
    await server?.close();
  }

  #usable(boot: GuestBoot): boolean {
    return !this.#closed && boot.setup !== undefined && this.#failures < failuresMax;
  }

  #current(): Promise<ForkServer> {
    if (this.#running?.alive === false) this.#server = undefined;
    this.#running = this.#server && this.#running;
    this.#server ??= this.#start();
    return this.#server;
  }

  async #start(): Promise<ForkServer> {
    try {
      const server = await ForkServer.start(this.#options);
      this.#running = server;
      void server.gone.then((end) => this.#count(end));
      return server;
    } catch (error) {
      this.#server = undefined;
      this.#count('failed');
      throw error;
    }
  }

  #count(end: ForkServerEnd): void {
    if (end === 'unable') this.#failures = failuresMax;
    else this.#failures = end === 'failed' ? this.#failures + 1 : 0;
  }
}
