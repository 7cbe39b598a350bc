import { Worker } from 'node:worker_threads';
import type { Clock } from '@relais/kit';
import type { HostedThread, ThreadEvents, ThreadHost } from './thread-host.js';
import type { ThreadCall, ThreadMessage } from './thread-messages.js';

/** So much processor time may this process use before a thread that was ended must be gone, milliseconds. */
const endCpuMsMaxDefault = 5000;
const lookMs = 500;

export interface LocalThreadsOptions {
  readonly clock: Clock;
  /** Told once of each thread that goes on though it was ended: V8 compiles a function to its end, whatever that takes. */
  readonly stuck?: () => void;
  /** Processor time that this process uses until that is told, milliseconds. Default 5000. */
  readonly endCpuMsMax?: number;
}

/** Threads of this process. */
export class LocalThreads implements ThreadHost {
  readonly #options: LocalThreadsOptions;

  constructor(options: LocalThreadsOptions) {
    this.#options = options;
  }

  start(events: ThreadEvents): HostedThread {
    return new LocalThread(events, this.#options);
  }
}

class LocalThread implements HostedThread {
  readonly #worker = new Worker(new URL('./thread-main.js', import.meta.url));
  readonly #options: LocalThreadsOptions;
  #credit: Int32Array | undefined;
  #cause: unknown;
  #stopLooking: (() => void) | undefined;

  constructor(events: ThreadEvents, options: LocalThreadsOptions) {
    this.#options = options;
    this.#worker.on('message', (message: ThreadMessage) => {
      if (message.type === 'part') events.part(message.data);
      else events.end(message.end);
    });
    this.#worker.on('error', (cause) => {
      this.#cause = cause;
    });
    this.#worker.on('exit', () => {
      this.#stopLooking?.();
      events.gone(this.#cause);
    });
    this.#worker.unref();
  }

  begin({ windowBytes, ...work }: ThreadCall): void {
    if (windowBytes === undefined) {
      this.#worker.postMessage(work);
      return;
    }
    const credit = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    this.#credit = new Int32Array(credit);
    this.#credit[0] = windowBytes;
    this.#worker.postMessage({ ...work, stream: { credit, windowBytes } });
  }

  grant(bytes: number): void {
    if (!this.#credit) return;
    Atomics.add(this.#credit, 0, bytes);
    Atomics.notify(this.#credit, 0);
  }

  /** By the processor time that passes: on a busy machine threads may wait for long to run at all. */
  end(): void {
    const { clock, endCpuMsMax = endCpuMsMaxDefault, stuck } = this.#options;
    const before = process.cpuUsage();
    this.#stopLooking ??= clock.every(lookMs, () => {
      const { system, user } = process.cpuUsage(before);
      if ((user + system) / 1000 < endCpuMsMax) return;
      this.#stopLooking?.();
      stuck?.();
    });
    void this.#worker.terminate();
  }
}
