import type { Clock } from '@relais/kit';
import { createDirectLauncher } from '../processes/direct-launcher.js';
import type { ProcessLauncher } from '../processes/process-launcher.js';
import { WasmEngine } from '../wasm/engine.js';
import { createCRuntime } from './c/c-runtime.js';
import { ClangCompiler } from './c/clang-compiler.js';
import { createCppRuntime } from './cpp/cpp-runtime.js';
import { createJsRuntime } from './js/js-runtime.js';
import { defaultRuntimeLimits, type RuntimeLimits } from './limits.js';
import { createPythonRuntime } from './python/python-runtime.js';
import type { Runtime } from './runtime.js';
import { createTsRuntime } from './ts/ts-runtime.js';
import { createWasmRuntime } from './wasm/wasm-runtime.js';

/** What every runtime may use. */
interface Workshop {
  readonly engine: WasmEngine;
  readonly compiler: ClangCompiler;
  readonly launcher: ProcessLauncher;
  readonly limits: RuntimeLimits;
  readonly clock: Clock;
  readonly searchPath: string;
}

/** One line per language; adding one is a folder beside this file and a line here. */
const catalog: Readonly<Record<string, (workshop: Workshop) => Runtime>> = {
  c: createCRuntime,
  cpp: createCppRuntime,
  wasm: createWasmRuntime,
  js: createJsRuntime,
  ts: createTsRuntime,
  python: createPythonRuntime,
};

export interface RuntimesOptions {
  readonly clock: Clock;
  /** Private directory in which processes get directories of their own. The caller removes it. */
  readonly scratchDirectory: string;
  /** Where toolchains and interpreters are looked for, like PATH. */
  readonly searchPath: string;
}

/** The runtimes of some languages, sharing one WASM engine and one launcher. Throws on a language without a runtime. */
export function createRuntimes(languages: Iterable<string>, options: RuntimesOptions): Runtime[] {
  const { clock, scratchDirectory, searchPath } = options;
  const limits = defaultRuntimeLimits;
  const workshop: Workshop = {
    engine: new WasmEngine({ limits, clock }),
    compiler: new ClangCompiler(clock, limits.idleInstanceMs),
    launcher: createDirectLauncher({ directory: scratchDirectory, searchPath, clock }),
    limits,
    clock,
    searchPath,
  };
  return [...languages].map((lang) => {
    const create = catalog[lang];
    if (!create) throw new Error(`there is no runtime for ${lang}`);
    return create(workshop);
  });
}
