import type { Clock } from '@relais/kit';
import type { ControlGroups } from '../../sandbox/groups/control-group.js';
import { noSandbox } from '../../sandbox/none.js';
import type { Sandbox } from '../../sandbox/sandbox.js';
import { type BuildAsker, BuildQueue, buildsAtOnceMax } from '../compiled/build-queue.js';
import type { CompileReply, CompileRequest } from './compile-messages.js';
import { CompilerProcess } from './compiler-process.js';

/**
 * The compiler, in processes of its own that are started on demand, stay warm between compiles and end when idle. Compiles
 * have their turns as BuildQueue gives them.
 */
export class ClangCompiler {
  readonly clock: Clock;
  readonly #queue: BuildQueue;
  readonly #processes: readonly CompilerProcess[];
  readonly #busy = new Set<CompilerProcess>();

  constructor(clock: Clock, idleMs: number, sandbox: Sandbox = noSandbox, groups?: ControlGroups) {
    this.clock = clock;
    this.#queue = new BuildQueue(clock);
    this.#processes = Array.from(
      { length: buildsAtOnceMax },
      () => new CompilerProcess(clock, idleMs, sandbox, groups),
    );
  }

  /** Process ids of the warm compilers, busy or not. */
  get pids(): number[] {
    return this.#processes.flatMap(({ pid }) => pid ?? []);
  }

  /**
   * Compiles within `budgetMs`, waiting included; whatever ends it kills the compiler. Rejects as the queue does, and with
   * aborted reason compiler_crashed.
   */
  compile(request: CompileRequest, budgetMs: number, asker?: BuildAsker): Promise<CompileReply> {
    return this.#queue.run(budgetMs, (_leftMs, ended) => this.#perform(request, ended), asker);
  }

  /** Kills the compilers and refuses what waits. Safe to call twice. */
  async close(): Promise<void> {
    await this.#queue.close();
    await Promise.all(this.#processes.map((process) => process.kill()));
  }

  async #perform(request: CompileRequest, ended: AbortSignal): Promise<CompileReply> {
    const process = this.#freeProcess();
    const kill = () => void process.kill();
    this.#busy.add(process);
    ended.addEventListener('abort', kill);
    try {
      return await process.compile(request);
    } finally {
      ended.removeEventListener('abort', kill);
      this.#busy.delete(process);
    }
  }

  /** A warm one before a cold one, which takes seconds to start and hundreds of MiB to hold. */
  #freeProcess(): CompilerProcess {
    const free = this.#processes.filter((process) => !this.#busy.has(process));
    const process = free.find(({ pid }) => pid !== undefined) ?? free[0];
    if (!process) throw new Error('more compiles at once than there are compilers');
    return process;
  }
}
