import type { FunctionVersion } from '@relais/contracts';
import type { Clock } from '@relais/kit';
import { memoryMbOf, type RuntimeLimits } from '../runtimes/limits.js';
import type { LoadedFunction } from '../runtimes/runtime.js';
import { LiveMemories } from './live-memories.js';
import { compileProgram } from './program.js';
import { Slot } from './slot.js';
import { WasiHost } from './wasi/host.js';
import { threadWait, type Wait } from './wasi/poll.js';
import { WasmFunction } from './wasm-function.js';

export interface WasmEngineOptions {
  readonly limits: RuntimeLimits;
  readonly clock: Clock;
  /** Instances alive at once in this process; at the bound the least recently used idle one is let go. Default 1000. */
  readonly liveMemoriesMax?: number;
  /** Holds the thread while a function sleeps. Default: without burning the processor. */
  readonly wait?: Wait;
}

/**
 * Runs WASI preview-1 programs inline, each call on an instance that nothing has touched. One per process: every language
 * that becomes WASM shares it, and with it the bound on live memories.
 */
export class WasmEngine {
  readonly #options: WasmEngineOptions;
  readonly #wait: Wait;
  readonly #memories: LiveMemories;

  constructor(options: WasmEngineOptions) {
    this.#options = options;
    this.#wait = options.wait ?? threadWait();
    this.#memories = new LiveMemories(options.liveMemoriesMax ?? 1000);
  }

  /** Instances alive now. */
  get liveMemories(): number {
    return this.#memories.count;
  }

  /**
   * Compiles a version's module. Rejects with invalid_argument reason invalid_wasm or memory_limit. Isolation reuse is
   * served as fresh: a program runs from `_start` to exit, so there is nothing that could be used again.
   */
  async load(version: FunctionVersion, module: Uint8Array): Promise<LoadedFunction> {
    const { clock, limits } = this.#options;
    const program = await compileProgram(module, memoryMbOf(version));
    const host = new WasiHost({
      clock,
      wait: this.#wait,
      outputBytesMax: limits.outputBytesMax,
      logBytesMax: limits.logBytesMax,
      functionName: version.name,
    });
    return new WasmFunction(version, program, host, new Slot(program, host, this.#memories), clock);
  }

  /** Lets go of every instance; loaded functions make new ones when called again. */
  close(): void {
    this.#memories.releaseAll();
  }
}
