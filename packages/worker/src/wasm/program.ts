import type { FunctionConfig } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import { isReused } from '../runtimes/limits.js';
import { analyseModule, checkInitialMemory, type Entry, pageBytes, type Resettable } from './module/analyse.js';
import { globalExportName, mutableGlobals, rewriteModule } from './module/rewrite.js';
import { type WasmModule, webAssembly } from './webassembly.js';

/** A compiled module, ready to be instantiated by any number of slots. */
export interface Program {
  readonly module: WasmModule;
  /** What a call runs. */
  readonly entry: Entry;
  readonly resettable: Resettable;
  /** Making an instance runs code of the module. */
  readonly runsOnInstantiation: boolean;
  /** Export names of every global that a call can change. */
  readonly globalNames: readonly string[];
  readonly initialBytes: number;
  /** What memory.grow refuses to pass. */
  readonly memoryBytesMax: number;
  /** What an instance holds beside its memory. */
  readonly tableBytes: number;
  /** Size of the module itself. */
  readonly moduleBytes: number;
}

/**
 * Checks, rewrites and compiles a module for a function of `memoryMb`. Rejects with invalid_argument reason invalid_wasm
 * (not a module that can run here) or memory_limit (it starts with more memory than the function has).
 */
export async function compileProgram(bytes: Uint8Array, memoryMb: number, entry: Entry = '_start'): Promise<Program> {
  const analysed = analyseModule(bytes, entry);
  checkInitialMemory(analysed, memoryMb);
  const pagesMax = Math.floor((memoryMb * 2 ** 20) / pageBytes);
  const rewritten = rewriteModule(analysed.parsed, pagesMax);
  const declaredMax = analysed.parsed.memories[0]?.maximumPages ?? pagesMax;
  return {
    module: await compile(rewritten),
    entry,
    resettable: analysed.resettable,
    runsOnInstantiation: analysed.parsed.hasStart,
    globalNames: mutableGlobals(analysed.parsed).map(globalExportName),
    initialBytes: analysed.initialPages * pageBytes,
    memoryBytesMax: Math.min(declaredMax, pagesMax) * pageBytes,
    tableBytes: analysed.tableBytes,
    moduleBytes: rewritten.length,
  };
}

/** What calls of a version with this configuration run. */
export function entryOf(version: { readonly config?: FunctionConfig | undefined }): Entry {
  return isReused(version) ? 'relais_run' : '_start';
}

/** What modules were compiled from, to be compiled elsewhere: V8 does not tell. */
const sources = new WeakMap<WasmModule, Uint8Array>();

/** What a program of this process was compiled from. */
export function bytesOf({ module }: Program): Uint8Array {
  const bytes = sources.get(module);
  if (!bytes) throw new Error('this program was not compiled here');
  return bytes;
}

async function compile(bytes: Uint8Array): Promise<WasmModule> {
  try {
    const module = await webAssembly.compile(bytes);
    sources.set(module, bytes);
    return module;
  } catch (error) {
    const said = error instanceof Object && 'message' in error ? String(error.message) : 'the compiler refused it';
    const what = said.replace(/^WebAssembly\.compile\(\):\s*/, '').slice(0, 500);
    throw new RelaisError('invalid_argument', `This is not a valid WebAssembly module: ${what}`, {
      reason: 'invalid_wasm',
    });
  }
}
