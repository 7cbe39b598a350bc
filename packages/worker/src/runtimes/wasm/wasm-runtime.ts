import { type BuildOutcome, type BuildWork, LanguageSupport } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import type { WasmEngine } from '../../wasm/engine.js';
import { compileProgram, entryOf } from '../../wasm/program.js';
import { programOutcome } from '../compiled/module-outcome.js';
import { memoryMbOf } from '../limits.js';
import type { Runtime } from '../runtime.js';

export interface WasmRuntimeOptions {
  /** Shared with the other languages that become WASM; whoever made it closes it. */
  readonly engine: WasmEngine;
}

const defaultFilename = 'main.wasm';
/** Prebuilt WASI preview-1 modules: validated at deploy, run as they are. */
export function createWasmRuntime({ engine }: WasmRuntimeOptions): Runtime {
  return {
    lang: 'wasm',
    style: 'inline',
    async probe() {
      const toolchain = `WASI preview 1 on V8 ${process.versions.v8}`;
      return LanguageSupport.create({ lang: 'wasm', runs: true, builds: true, toolchain });
    },
    build: validate,
    load: (version, artifact) => engine.load(version, artifact),
    close: async () => {},
  };
}

async function validate(work: BuildWork, _budgetMs: number, signal?: AbortSignal): Promise<BuildOutcome> {
  try {
    const program = await compileProgram(work.source, memoryMbOf(work), entryOf(work));
    signal?.throwIfAborted();
    return programOutcome(program);
  } catch (error) {
    throw withDiagnostic(RelaisError.from(error), work.filename || defaultFilename);
  }
}

/** A module that cannot run is to its deployer what a source that does not compile is to others. */
function withDiagnostic(error: RelaisError, filename: string): RelaisError {
  if (error.fields.reason !== 'invalid_wasm') return error;
  const diagnostics = [{ file: filename, line: 0, column: 0, severity: 'error', message: error.message }];
  return new RelaisError(error.code, error.message, { reason: 'compile_error', diagnostics });
}
