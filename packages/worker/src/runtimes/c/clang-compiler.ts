import type { Clock, RelaisError } from '@relais/kit';
import type { ControlGroups } from '../../sandbox/groups/control-group.js';
import { noSandbox } from '../../sandbox/none.js';
import type { Sandbox } from '../../sandbox/sandbox.js';
import { buildQueueFull, buildTooSlow, closedForBuilds } from '../compiled/build-failures.js';
import type { CompileReply, CompileRequest } from './compile-messages.js';
import { CompilerProcess } from './compiler-process.js';

const queueLengthMax = 16;
const processesMax = 2;
/** A compile that has taken this long no longer holds up the others: they get a second process. */
const slowCompileMs = 5000;

interface Job {
  readonly request: CompileRequest;
  readonly resolve: (reply: CompileReply) => void;
  readonly reject: (error: RelaisError) => void;
  readonly stopTimer: () => void;
}

/**
 * The compiler, in a process of its own that is started on demand, stays warm between compiles and ends when idle. One
 * compile at a time, at most 16 waiting; beside a compile of more than 5 s a second process takes the next ones.
 */
export class ClangCompiler {
  readonly clock: Clock;
  readonly #processes: readonly CompilerProcess[];
  readonly #waiting: Job[] = [];
  readonly #running = new Map<CompilerProcess, { readonly job: Job; readonly beganMs: number }>();
  #closed = false;

  constructor(clock: Clock, idleMs: number, sandbox: Sandbox = noSandbox, groups?: ControlGroups) {
    this.clock = clock;
    this.#processes = Array.from({ length: processesMax }, () => new CompilerProcess(clock, idleMs, sandbox, groups));
  }

  /** Process ids of the warm compilers, busy or not. */
  get pids(): number[] {
    return this.#processes.flatMap(({ pid }) => pid ?? []);
  }

  /**
   * Compiles within `budgetMs`, waiting included. Rejects with deadline_exceeded (the compiler is then killed),
   * resource_exhausted reason queue_full, aborted reason compiler_crashed, or unavailable once closed.
   */
  compile(request: CompileRequest, budgetMs: number): Promise<CompileReply> {
    if (this.#closed) return Promise.reject(closedForBuilds());
    if (this.#waiting.length >= queueLengthMax) return Promise.reject(buildQueueFull(queueLengthMax));
    return new Promise((resolve, reject) => {
      const stopTimer = this.clock.after(budgetMs, () => this.#expire(job, budgetMs));
      const job: Job = { request, resolve, reject, stopTimer };
      this.#waiting.push(job);
      this.#next();
    });
  }

  /** Kills the compilers and refuses what waits. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = [...this.#running.values()].map(({ job }) => job);
    for (const job of [...running, ...this.#waiting.splice(0)]) fail(job, closedForBuilds());
    await Promise.all(this.#processes.map((process) => process.kill()));
  }

  #next(): void {
    const process = this.#freeProcess();
    const job = process && this.#waiting.shift();
    if (job) void this.#perform(process, job);
  }

  /** A warm one before a cold one, which takes seconds to start and hundreds of MiB to hold. */
  #freeProcess(): CompilerProcess | undefined {
    const free = this.#processes.filter((process) => !this.#running.has(process));
    const slowSinceMs = this.clock.nowMs() - slowCompileMs;
    const allSlow = [...this.#running.values()].every(({ beganMs }) => beganMs <= slowSinceMs);
    return free.find(({ pid }) => pid !== undefined) ?? (allSlow ? free[0] : undefined);
  }

  async #perform(process: CompilerProcess, job: Job): Promise<void> {
    this.#running.set(process, { job, beganMs: this.clock.nowMs() });
    const stopPatience = this.clock.after(slowCompileMs, () => this.#next());
    try {
      job.resolve(await process.compile(job.request));
      job.stopTimer();
    } catch (error) {
      fail(job, error as RelaisError);
    }
    stopPatience();
    this.#running.delete(process);
    this.#next();
  }

  #expire(job: Job, budgetMs: number): void {
    const at = this.#waiting.indexOf(job);
    if (at >= 0) this.#waiting.splice(at, 1);
    fail(job, buildTooSlow(budgetMs));
    for (const [process, running] of this.#running) if (running.job === job) void process.kill();
  }
}

/** Does nothing to a job that is settled. */
function fail(job: Job, error: RelaisError): void {
  job.stopTimer();
  job.reject(error);
}
