import type { Clock } from '@relais/kit';
import { RelaisError } from '@relais/kit';
import type { HostedThread, ThreadHost } from './thread-host.js';
import type { ThreadCall, ThreadEnd } from './thread-messages.js';

export interface WasmThreadsOptions {
  readonly clock: Clock;
  readonly host: ThreadHost;
  /** Threads at once; a call beyond it waits for one to be free. */
  readonly threadsMax: number;
  /** A thread that has had no call for this long is ended; one is kept. */
  readonly idleMs: number;
}

/** A call that was given to the threads, for who gave it. */
export interface GivenCall {
  /** So many bytes more of its output may go out. */
  grant(bytes: number): void;
  /** Nothing is told of it any more, and its thread is ended. */
  giveUp(): void;
}

/** A call on its way through a thread. */
interface Task {
  readonly call: () => ThreadCall;
  readonly onPart: (data: Uint8Array) => void;
  readonly onEnd: (end: ThreadEnd | RelaisError) => void;
  thread: Thread | undefined;
}

/** A thread as its pool sees it. */
class Thread {
  hosted: HostedThread | undefined;
  task: Task | undefined;
  idleSinceMs = 0;
}

/** Threads for WASM calls that may be long or stream: the worker's own loop stays free, and a call is ended with its thread. */
export class WasmThreads {
  readonly #options: WasmThreadsOptions;
  readonly #threads = new Set<Thread>();
  /** Ended, and still there: they count, or there would be ever more of them. */
  readonly #ending = new Set<Thread>();
  readonly #waiting: Task[] = [];
  #stopTicking: (() => void) | undefined;

  constructor(options: WasmThreadsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#threads.size;
  }

  /**
   * Runs a call, which is made when a thread is free for it. `onEnd` is called once, after all parts, unless the call is
   * given up.
   */
  run(call: () => ThreadCall, onPart: Task['onPart'], onEnd: Task['onEnd']): GivenCall {
    const task: Task = { call, onPart, onEnd, thread: undefined };
    const idle = [...this.#threads].findLast((thread) => !thread.task);
    if (idle) this.#begin(idle, task);
    else if (this.#hasRoom()) this.#begin(this.#start(), task);
    else this.#waiting.push(task);
    return {
      grant: (bytes) => {
        if (task.thread?.task === task) task.thread.hosted?.grant(bytes);
      },
      giveUp: () => this.#giveUp(task),
    };
  }

  /** Has a thread ready before the first call wants one. */
  prepare(): void {
    if (this.#threads.size === 0) this.#start();
  }

  /** Ends every thread; calls they have are not answered. */
  close(): void {
    this.#stopTicking?.();
    this.#stopTicking = undefined;
    this.#waiting.length = 0;
    for (const thread of this.#threads) this.#end(thread);
  }

  #hasRoom(): boolean {
    return this.#threads.size + this.#ending.size < this.#options.threadsMax;
  }

  #start(): Thread {
    const { clock, host, idleMs } = this.#options;
    const thread = new Thread();
    this.#threads.add(thread);
    this.#stopTicking ??= clock.every(Math.max(50, idleMs / 4), () => this.#retire());
    thread.hosted = host.start({
      part: (data) => thread.task?.onPart(data),
      end: (end) => this.#finish(thread, end),
      gone: (cause) => this.#gone(thread, cause),
    });
    return thread;
  }

  #begin(thread: Thread, task: Task): void {
    thread.task = task;
    task.thread = thread;
    thread.hosted?.begin(task.call());
  }

  #finish(thread: Thread, end: ThreadEnd | RelaisError): void {
    const { task } = thread;
    thread.task = undefined;
    thread.idleSinceMs = this.#options.clock.nowMs();
    if (this.#threads.has(thread)) this.#next(thread);
    task?.onEnd(end);
  }

  #next(thread: Thread): void {
    const next = this.#waiting.shift();
    if (next) this.#begin(thread, next);
  }

  #gone(thread: Thread, cause: unknown): void {
    if (!this.#ending.delete(thread)) this.#fail(thread, cause);
    else if (this.#waiting.length > 0 && this.#hasRoom()) this.#next(this.#start());
  }

  /** It ended by itself, which no call of a function can bring about but by using up the memory of the process. */
  #fail(thread: Thread, cause: unknown): void {
    if (!this.#threads.delete(thread)) return;
    const message = 'The thread that ran this call has ended.';
    this.#finish(
      thread,
      new RelaisError('unavailable', message, { reason: 'thread_lost', component: 'worker', retryable: false, cause }),
    );
    this.#replace();
  }

  #giveUp(task: Task): void {
    const at = this.#waiting.indexOf(task);
    if (at !== -1) this.#waiting.splice(at, 1);
    if (task.thread?.task !== task) return;
    this.#end(task.thread);
    this.#replace();
  }

  /** One has gone, so there is room for a call that waits; and one is kept. */
  #replace(): void {
    if (!this.#hasRoom()) return;
    if (this.#waiting.length > 0) this.#next(this.#start());
    else this.prepare();
  }

  #end(thread: Thread): void {
    this.#threads.delete(thread);
    thread.task = undefined;
    this.#ending.add(thread);
    thread.hosted?.end();
  }

  #retire(): void {
    const { clock, idleMs } = this.#options;
    for (const thread of this.#threads) {
      if (this.#threads.size === 1) return;
      if (!thread.task && clock.nowMs() - thread.idleSinceMs >= idleMs) this.#end(thread);
    }
  }
}
