import { type ChildProcess, fork, type SendHandle } from 'node:child_process';
import net from 'node:net';
import type { Clock } from '@relais/kit';
import { handleOf } from './listening-handle.js';
import { sealQueue } from './sealed-queue.js';

/** Connections that may wait to be taken; the kernel drops the handshakes of more, whose peers then wait for seconds. */
const backlog = 4096;
/** Descriptors of the one socket, so many connections a turn of the loop. */
const lanesMax = 8;
/** So many connections before it is worth another process for a moment: a port of a few callers never needs it. */
const widenAfter = 64;
/** It needs a tenth of a second, and more where everything waits for processors. */
const returnMsMax = 5000;
const returnerPath = `${import.meta.dirname}/handle-returner.js`;

export interface AcceptingPortOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly clock: Clock;
  readonly accept: (socket: net.Socket) => void;
  /** After it listens. */
  readonly failed: (error: Error) => void;
}

/**
 * A port that takes up to eight connections in a turn of the loop. Node takes one from each descriptor that listens: with
 * thousands of calls under way a turn takes tens of milliseconds, and who connects then would wait for all who came before,
 * a health check too. So the socket gets more descriptors, for which Node has no other way than to send it to another process
 * and back; until then, and where that fails, it is one. Sharing the port by SO_REUSEPORT would let other processes of the
 * same user take connections.
 */
export class AcceptingPort {
  readonly #options: AcceptingPortOptions;
  readonly #lanes: net.Server[] = [];
  /** Of those that are closed, when their connections have ended. */
  readonly #ends: Promise<void>[] = [];
  #takenCount = 0;
  /** Settles when the other process has no descriptor of the socket any more. */
  #returned: Promise<void> | undefined;
  #isClosing = false;

  constructor(options: AcceptingPortOptions) {
    this.#options = options;
  }

  get address(): net.AddressInfo {
    const address = this.#lanes[0]?.address();
    if (!address || typeof address === 'string') throw new Error('the port does not listen');
    return address;
  }

  /** Descriptors that take connections. */
  get laneCount(): number {
    return this.#lanes.length;
  }

  /** Rejects with what the system says. */
  async listen(): Promise<void> {
    const { host, port } = this.#options;
    const first = this.#newLane();
    await new Promise<void>((resolve, reject) => {
      first.once('error', reject);
      first.listen({ host, port, backlog }, () => {
        first.off('error', reject);
        resolve();
      });
    });
    this.#open(first);
  }

  /**
   * Takes no more connections: resolves in the turn of the loop in which the port was closed. It goes back to the first
   * descriptor before: another process would keep the port open for as long as it has the socket, and who connects between
   * the first and the last is reset.
   */
  async shut(): Promise<void> {
    this.#isClosing = true;
    await this.#returned;
    const [first, ...others] = this.#lanes.splice(0);
    for (const lane of others) this.#close(lane);
    if (!first) return;
    const filler = await sealQueue(first, backlog, () => this.#takenCount, this.#options.clock);
    this.#close(first);
    filler?.destroy();
  }

  /** Resolves when the port is shut and the connections it took have ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#ends);
  }

  #close(lane: net.Server): void {
    this.#ends.push(new Promise((resolve) => lane.close(() => resolve())));
  }

  #newLane(): net.Server {
    return net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#take(socket));
  }

  #take(socket: net.Socket): void {
    this.#takenCount++;
    if (this.#takenCount === widenAfter) this.#widen();
    this.#options.accept(socket);
  }

  #open(lane: net.Server): void {
    if (this.#isClosing) {
      this.#close(lane);
      return;
    }
    lane.on('error', this.#options.failed);
    this.#lanes.push(lane);
  }

  #widen(): void {
    const handle = handleOf(this.#lanes[0]);
    if (!handle || this.#isClosing) return;
    try {
      this.#sendRound(handle);
    } catch {
      // No process can be started: one descriptor will do.
    }
  }

  #sendRound(handle: SendHandle): void {
    const returner = fork(returnerPath, [String(lanesMax - 1)], {
      execArgv: [],
      env: {},
      stdio: 'ignore',
      timeout: returnMsMax,
      killSignal: 'SIGKILL',
    });
    this.#returned = endOf(returner);
    returner.on('message', (_message, returned: SendHandle) => {
      const lane = this.#newLane();
      lane.listen(returned, backlog);
      this.#open(lane);
    });
    returner.send('', handle, () => {});
    returner.unref();
    returner.channel?.unref();
  }
}

/** Resolves when it has ended and what it sent has been received, or when it could not be started or had to be killed. */
function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', (_code, signal) => {
      if (signal || !child.connected) resolve();
      else child.once('disconnect', resolve);
    });
  });
}
