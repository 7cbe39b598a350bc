import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock, RelaisError } from '@relais/kit';
import { buildQueueFull, buildTooSlow, closedForBuilds, compilerCrashed } from '../compiled/build-failures.js';
import type { CompileReply, CompileRequest } from './compile-messages.js';

const queueLengthMax = 16;
/** LLVM's own memory, in pages of 64 KiB: 1.5 GiB. A source that makes it want more does not compile. */
const compilerPagesMax = 24_576;

interface Job {
  readonly request: CompileRequest;
  readonly resolve: (reply: CompileReply) => void;
  readonly reject: (error: RelaisError) => void;
  readonly stopTimer: () => void;
}

/**
 * The compiler, in a process of its own that is started on demand, stays warm between compiles and ends when idle. One
 * compile at a time, at most 16 waiting.
 */
export class ClangCompiler {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #waiting: Job[] = [];
  #running: Job | undefined;
  #child: ChildProcess | undefined;
  #stopIdleTimer: () => void = () => {};
  #closed = false;

  constructor(clock: Clock, idleMs: number) {
    this.#clock = clock;
    this.#idleMs = idleMs;
  }

  /** Process id of the warm compiler; undefined when there is none. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Compiles within `budgetMs`, waiting included. Rejects with deadline_exceeded (the compiler is then killed),
   * resource_exhausted reason queue_full, aborted reason compiler_crashed, or unavailable once closed.
   */
  compile(request: CompileRequest, budgetMs: number): Promise<CompileReply> {
    if (this.#closed) return Promise.reject(closedForBuilds());
    if (this.#waiting.length >= queueLengthMax) return Promise.reject(buildQueueFull(queueLengthMax));
    return new Promise((resolve, reject) => {
      const stopTimer = this.#clock.after(budgetMs, () => this.#expire(job, budgetMs));
      const job: Job = { request, resolve, reject, stopTimer };
      this.#waiting.push(job);
      this.#next();
    });
  }

  /** Kills the compiler and refuses what waits. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    const jobs = this.#running ? [this.#running, ...this.#waiting] : [...this.#waiting];
    this.#running = undefined;
    this.#waiting.length = 0;
    for (const job of jobs) this.#fail(job, closedForBuilds());
    await this.#kill();
  }

  #next(): void {
    if (this.#running) return;
    const job = this.#waiting.shift();
    if (!job) {
      this.#rest();
      return;
    }
    this.#stopIdleTimer();
    this.#running = job;
    const child = this.#child ?? this.#start();
    child.ref();
    child.channel?.ref();
    child.send(job.request, (error) => {
      // A child that cannot be written to is gone; its exit is about to be told.
      if (error) child.kill('SIGKILL');
    });
  }

  #start(): ChildProcess {
    const child = fork(fileURLToPath(new URL('./compiler-main.js', import.meta.url)), {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: {},
      execArgv: [
        `--wasm-max-mem-pages=${compilerPagesMax}`,
        '--import',
        new URL('./linear-writes.js', import.meta.url).href,
      ],
    });
    child.on('message', (reply: CompileReply) => this.#answer(child, reply));
    child.on('error', () => this.#lost(child));
    child.on('exit', () => this.#lost(child));
    this.#child = child;
    return child;
  }

  /** Nothing to do: the compiler may end the process it is in, and ends itself when this lasts. */
  #rest(): void {
    const child = this.#child;
    if (!child) return;
    child.unref();
    child.channel?.unref();
    this.#stopIdleTimer();
    this.#stopIdleTimer = this.#clock.after(this.#idleMs, () => void this.#kill());
  }

  #answer(child: ChildProcess, reply: CompileReply): void {
    const job = this.#running;
    if (child !== this.#child || !job) return;
    this.#running = undefined;
    job.stopTimer();
    job.resolve(reply);
    this.#next();
  }

  #lost(child: ChildProcess): void {
    if (child !== this.#child) return;
    this.#child = undefined;
    const job = this.#running;
    this.#running = undefined;
    if (job) this.#fail(job, compilerCrashed());
    this.#next();
  }

  #expire(job: Job, budgetMs: number): void {
    const at = this.#waiting.indexOf(job);
    if (at >= 0) this.#waiting.splice(at, 1);
    this.#fail(job, buildTooSlow(budgetMs));
    if (job !== this.#running) return;
    this.#running = undefined;
    void this.#kill().then(() => this.#next());
  }

  #fail(job: Job, error: RelaisError): void {
    job.stopTimer();
    job.reject(error);
  }

  /** Resolves once the process is gone. */
  async #kill(): Promise<void> {
    this.#stopIdleTimer();
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await gone;
  }
}
