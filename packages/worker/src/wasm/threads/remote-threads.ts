import type { Duplex } from 'node:stream';
import { bytesOf, type Program } from '../program.js';
import type { WasmModule } from '../webassembly.js';
import type { HostedThread, ThreadEvents, ThreadHost } from './thread-host.js';
import type { ThreadCall } from './thread-messages.js';
import { type FromThreads, ThreadWire, type ToThreads } from './thread-wire.js';

/** Programs that the other process keeps compiled; what it no longer keeps it is sent again. */
const programsMax = 64;

/**
 * Threads of another process. There they hold no lock that this one's loop waits for, whatever priority they have, and take nothing
 * with them but each other.
 */
export class RemoteThreads implements ThreadHost {
  readonly #wire: ThreadWire<ToThreads, FromThreads>;
  readonly #threads = new Map<number, ThreadEvents>();
  /** Ids of programs that the other process has; who was used last is last. */
  readonly #programs = new Map<WasmModule, number>();
  #lastId = 0;
  #isLost = false;

  /** `lost` is called when the other process is gone, and all threads with it. */
  constructor(stream: Duplex, lost: () => void) {
    this.#wire = new ThreadWire(
      stream,
      (message) => this.#received(message),
      () => {
        this.#isLost = true;
        lost();
        for (const thread of [...this.#threads.keys()]) this.#gone(thread, undefined);
      },
    );
  }

  start(events: ThreadEvents): HostedThread {
    const thread = ++this.#lastId;
    this.#threads.set(thread, events);
    this.#wire.send({ type: 'start', thread });
    return {
      begin: (call) => this.#begin(thread, call),
      grant: (bytes) => this.#wire.send({ type: 'grant', thread, bytes }),
      end: () => this.#end(thread),
    };
  }

  #begin(thread: number, { program, ...call }: ThreadCall): void {
    if (this.#isLost) queueMicrotask(() => this.#gone(thread, undefined));
    else this.#wire.send({ type: 'begin', thread, program: this.#idOf(program), call });
  }

  #end(thread: number): void {
    if (this.#isLost) queueMicrotask(() => this.#gone(thread, undefined));
    else this.#wire.send({ type: 'end', thread });
  }

  #idOf(program: Program): number {
    const { module, ...sent } = program;
    const known = this.#programs.get(module);
    const id = known ?? ++this.#lastId;
    this.#programs.delete(module);
    this.#programs.set(module, id);
    if (known !== undefined) return id;
    this.#wire.send({ type: 'program', id, program: sent, bytes: bytesOf(program) });
    if (this.#programs.size > programsMax) this.#forgetOldest();
    return id;
  }

  #forgetOldest(): void {
    const [oldest] = this.#programs;
    if (!oldest) return;
    this.#programs.delete(oldest[0]);
    this.#wire.send({ type: 'forget', id: oldest[1] });
  }

  #received(message: FromThreads): void {
    const events = this.#threads.get(message.thread);
    if (message.type === 'part') events?.part(message.data);
    else if (message.type === 'ended') events?.end(message.end);
    else this.#gone(message.thread, message.cause);
  }

  #gone(thread: number, cause: string | undefined): void {
    const events = this.#threads.get(thread);
    this.#threads.delete(thread);
    events?.gone(cause);
  }
}
