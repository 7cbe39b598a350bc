import { RelaisError } from '@relais/kit/base';
import type { LiveMemories, MemoryHolder } from './live-memories.js';
import { MemoryImage } from './memory-image.js';
import type { Program } from './program.js';
import type { WasiHost } from './wasi/host.js';
import { type WasmGlobal, type WasmInstance, type WasmMemory, webAssembly } from './webassembly.js';
import { type Zero, zeroOf } from './zeroing.js';

/** Up to here zeroing is quicker than a new instance: 60 µs against 160 µs at 4 MiB, about even at 16 MiB. */
const resetBytesMax = 4 * 1024 * 1024;
/** And for each byte of a module this many more: a Go program of 5 MiB is put back in 0.4 ms and made anew in 5. */
const resetBytesPerModuleByte = 2;

interface Live {
  readonly initialise: (() => void) | undefined;
  readonly run: () => unknown;
  readonly memory: WasmMemory;
  readonly bytes: Uint8Array;
  /** Of its memory; made when it is first put back. */
  zero?: Zero;
  readonly globals: readonly { readonly global: WasmGlobal; readonly initial: unknown }[];
}

/**
 * Runs one program, one call at a time. Each call has an instance that nothing has touched, reset where proven, else new;
 * or, where the program's entry is `relais_run`, the instance as the last call left it.
 */
export class Slot implements MemoryHolder {
  /** Whether an instance can be put back provably, and for less than a new one costs. */
  readonly isResettable: boolean;
  readonly #program: Program;
  readonly #host: WasiHost;
  readonly #memories: LiveMemories;
  #live: Live | undefined;
  #image: MemoryImage | undefined;

  constructor(program: Program, host: WasiHost, memories: LiveMemories) {
    this.#program = program;
    this.#host = host;
    this.#memories = memories;
    const bytesMax = resetBytesMax + resetBytesPerModuleByte * program.moduleBytes;
    this.isResettable = program.entry === '_start' && program.resettable.yes && program.initialBytes <= bytesMax;
  }

  /** Whether an instance is waiting for a call. */
  get isReady(): boolean {
    return this.#live !== undefined;
  }

  /** Whether its instance is left as the last call left it. */
  get isReused(): boolean {
    return this.#program.entry === 'relais_run';
  }

  /**
   * Makes an instance ready: puts the last call's back where it is not reused, or makes a new one. Throws unavailable when
   * the machine has no memory for it.
   */
  prepare(): void {
    this.#memories.use(this);
    if (this.#live) {
      if (!this.isReused) this.#reset(this.#live);
      return;
    }
    const live = this.#instantiate();
    this.#live = live;
    if (this.isResettable) this.#image ??= new MemoryImage(live.bytes);
  }

  /** Runs what a new instance of a reused module must run once; throws whatever comes out of it. */
  initialise(): void {
    this.#live?.initialise?.();
  }

  /** Runs the entry; throws whatever comes out of the module. An exit code it answers is that of the call. */
  run(): void {
    const code = this.#live?.run();
    if (typeof code === 'number' && code !== 0) this.#host.call.ending ??= { kind: 'exit', code: code >>> 0 };
  }

  /** Size of the memory now; it may have grown during the call. */
  get memoryBytes(): number {
    return this.#live?.memory.buffer.byteLength ?? 0;
  }

  /**
   * After a call. An instance that cannot be put back provably is dropped, and one that is reused when its call did not
   * end by returning well. What can be put back is when the next call comes, so that a function called once never touches
   * the pages it did not use.
   */
  settle(endedWell: boolean): void {
    const keeps = this.isReused ? endedWell : this.isResettable && !this.#hasGrown;
    if (keeps) this.#memories.keep(this, this.memoryBytes + this.#program.tableBytes + (this.#image?.keptBytes ?? 0));
    else this.drop();
  }

  // A memory that grew cannot shrink; its old view then has length 0.
  get #hasGrown(): boolean {
    return this.#live?.bytes.length !== this.#program.initialBytes;
  }

  /** Drops the instance; the next call makes a new one. */
  drop(): void {
    this.#memories.forget(this);
    this.release();
  }

  release(): void {
    this.#live = undefined;
    this.#host.memory.detach();
  }

  #reset(live: Live): void {
    live.zero ??= zeroOf(live.memory);
    this.#image?.restore(live.bytes, live.zero);
    for (const { global, initial } of live.globals) global.value = initial;
  }

  #instantiate(): Live {
    const instance = this.#allocate();
    const memory = instance.exports.memory as WasmMemory;
    this.#host.memory.attach(memory);
    const globals = this.#program.globalNames.map((name) => {
      const global = instance.exports[name] as WasmGlobal;
      return { global, initial: this.isResettable ? global.value : undefined };
    });
    const bytes = new Uint8Array(memory.buffer);
    const run = instance.exports[this.#program.entry] as () => unknown;
    const initialise = this.isReused ? (instance.exports._initialize as (() => void) | undefined) : undefined;
    return { initialise, run, memory, bytes, globals };
  }

  #allocate(): WasmInstance {
    try {
      return new webAssembly.Instance(this.#program.module, this.#host.imports);
    } catch (error) {
      this.drop();
      if (!isAllocationFailure(error)) throw error;
      throw new RelaisError('unavailable', 'This worker has no memory left for another instance. Try again shortly.', {
        reason: 'memory_exhausted',
        cause: error,
      });
    }
  }
}

function isAllocationFailure(error: unknown): boolean {
  // A start function that overflows the stack is a RangeError too.
  return error instanceof Object && 'message' in error && String(error.message).includes('allocate');
}
