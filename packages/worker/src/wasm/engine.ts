import type { FunctionVersion } from '@relais/contracts';
import type { Clock } from '@relais/kit';
import { memoryMbOf, type RuntimeLimits } from '../runtimes/limits.js';
import type { LoadedFunction } from '../runtimes/runtime.js';
import { LiveMemories } from './live-memories.js';
import { compileProgram, entryOf } from './program.js';
import { Slot } from './slot.js';
import { LocalThreads } from './threads/local-threads.js';
import type { ThreadHost } from './threads/thread-host.js';
import { WasmThreads } from './threads/wasm-threads.js';
import { WasiHost } from './wasi/host.js';
import { threadWait, type Wait } from './wasi/poll.js';
import { WasmFunction } from './wasm-function.js';

export interface WasmEngineOptions {
  readonly limits: RuntimeLimits;
  readonly clock: Clock;
  /** Instances alive at once in this process; at the bound the least recently used idle one is let go. Default 1000. */
  readonly liveMemoriesMax?: number;
  /** Memory that idle instances hold together; beyond it the least recently used are let go. Default 1 GiB. */
  readonly liveMemoryBytesMax?: number;
  /** Where calls run that may be long. Default: this process. */
  readonly threadHost?: ThreadHost | undefined;
  /** Holds the thread while a function sleeps. Default: without burning the processor. */
  readonly wait?: Wait;
}

const liveMemoriesMaxDefault = 1000;
const liveMemoryBytesMaxDefault = 1024 * 1024 * 1024;

/**
 * Runs WASI preview-1 programs inline, each call on an instance that nothing has touched, unless the version's isolation
 * is reuse; calls whose output goes out while they run have threads. One per process: every language
 * that becomes WASM shares it, and with it the bound on live memories.
 */
export class WasmEngine {
  readonly #options: WasmEngineOptions;
  readonly #wait: Wait;
  readonly #memories: LiveMemories;
  readonly #threads: WasmThreads;

  constructor(options: WasmEngineOptions) {
    this.#options = options;
    this.#wait = options.wait ?? threadWait();
    this.#memories = new LiveMemories(
      options.liveMemoriesMax ?? liveMemoriesMaxDefault,
      options.liveMemoryBytesMax ?? liveMemoryBytesMaxDefault,
    );
    const { clock, limits, threadHost: host = new LocalThreads({ clock }) } = options;
    this.#threads = new WasmThreads({ clock, host, threadsMax: limits.processesMax, idleMs: limits.idleInstanceMs });
  }

  /** Instances alive now. */
  get liveMemories(): number {
    return this.#memories.count;
  }

  /** Memory that idle instances hold now. */
  get liveMemoryBytes(): number {
    return this.#memories.bytes;
  }

  /** Compiles a version's module. Rejects with invalid_argument reason invalid_wasm or memory_limit. */
  async load(version: FunctionVersion, module: Uint8Array): Promise<LoadedFunction> {
    const { clock, limits } = this.#options;
    const program = await compileProgram(module, memoryMbOf(version), entryOf(version));
    const host = new WasiHost({
      clock,
      wait: this.#wait,
      outputBytesMax: limits.outputBytesMax,
      logBytesMax: limits.logBytesMax,
      functionName: version.name,
    });
    const slot = new Slot(program, host, this.#memories);
    return new WasmFunction({ version, program, host, slot, threads: this.#threads, limits, clock });
  }

  /** Has ready what the first call would wait for. */
  prepare(): void {
    this.#threads.prepare();
  }

  /** Lets go of every instance; loaded functions make new ones when called again. */
  close(): void {
    this.#memories.releaseAll();
    this.#threads.close();
  }
}
