// TypeScript types the WebAssembly interface in its browser library only; this is the part that the engine uses.

export interface WasmMemory {
  /** A new buffer after the memory has grown; the old one then has length 0. */
  readonly buffer: ArrayBuffer;
}

export interface WasmGlobal {
  value: unknown;
}

/** A compiled module; opaque. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: 'WebAssembly.Module';
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export type WasmImports = Record<string, Record<string, WasmMemory | ((...args: never[]) => unknown)>>;

interface WebAssemblyInterface {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: WasmImports) => WasmInstance;
  compile(bytes: Uint8Array): Promise<WasmModule>;
}

export const webAssembly = (globalThis as unknown as { WebAssembly: WebAssemblyInterface }).WebAssembly;
