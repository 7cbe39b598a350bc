import type { Clock } from '@relais/kit';
import type { NetworkRules } from '../egress/network-rules.js';
import { createLauncher } from '../processes/create-launcher.js';
import { MemoryBudget } from '../processes/memory-budget.js';
import type { ProcessLauncher } from '../processes/process-launcher.js';
import type { ControlGroups } from '../sandbox/groups/control-group.js';
import type { Sandbox } from '../sandbox/sandbox.js';
import { WasmEngine } from '../wasm/engine.js';
import type { ThreadHost } from '../wasm/threads/thread-host.js';
import { createCRuntime } from './c/c-runtime.js';
import { ClangCompiler } from './c/clang-compiler.js';
import { KnownTools } from './compiled/known-tools.js';
import { createCppRuntime } from './cpp/cpp-runtime.js';
import { createGoRuntime } from './go/go-runtime.js';
import { createJsRuntime } from './js/js-runtime.js';
import { defaultRuntimeLimits, type RuntimeLimits } from './limits.js';
import { createPhpRuntime } from './php/php-runtime.js';
import { createPythonRuntime } from './python/python-runtime.js';
import type { Runtime } from './runtime.js';
import { createRustRuntime } from './rust/rust-runtime.js';
import { createTsRuntime } from './ts/ts-runtime.js';
import { createWasmRuntime } from './wasm/wasm-runtime.js';

/** What every runtime may use. */
interface Workshop {
  readonly engine: WasmEngine;
  readonly compiler: ClangCompiler;
  readonly launcher: ProcessLauncher;
  readonly budget: MemoryBudget;
  readonly limits: RuntimeLimits;
  readonly network: NetworkRules;
  readonly clock: Clock;
  readonly searchPath: string;
  readonly scratchDirectory: string;
  readonly cacheDirectory: string;
  readonly tools: KnownTools;
}

interface CatalogEntry {
  readonly style: Runtime['style'];
  readonly create: (workshop: Workshop) => Runtime;
}

/** One line per language; adding one is a folder beside this file and a line here. */
const catalog: Readonly<Record<string, CatalogEntry>> = {
  c: { style: 'inline', create: createCRuntime },
  cpp: { style: 'inline', create: createCppRuntime },
  rust: { style: 'inline', create: createRustRuntime },
  go: { style: 'inline', create: createGoRuntime },
  wasm: { style: 'inline', create: createWasmRuntime },
  js: { style: 'processes', create: createJsRuntime },
  ts: { style: 'processes', create: createTsRuntime },
  python: { style: 'processes', create: createPythonRuntime },
  php: { style: 'processes', create: createPhpRuntime },
};

/** Canonical names of the languages there are runtimes for, by where their calls run. */
export function languagesOf(style: Runtime['style']): string[] {
  return Object.keys(catalog).filter((lang) => catalog[lang]?.style === style);
}

export interface RuntimesOptions {
  readonly clock: Clock;
  /** Private directory in which processes get directories of their own. The caller removes it. */
  readonly scratchDirectory: string;
  /** Directory that outlives workers, for what compilers want to find again. Several workers may share it. */
  readonly cacheDirectory: string;
  /** As KnownTools has it. */
  readonly toolsDirectory: string;
  /** Where toolchains and interpreters are looked for, like PATH. */
  readonly searchPath: string;
  /** What native functions and compilers run in. */
  readonly sandbox: Sandbox;
  /** Where memory and processes of functions are counted; undefined where the kernel gives us no control groups. */
  readonly groups: ControlGroups | undefined;
  /** What holds for the network of every function. */
  readonly network: NetworkRules;
  /** Where calls of WASM run that may be long; undefined where no calls of WASM will come. */
  readonly threadHost: ThreadHost | undefined;
}

/** The runtimes of some languages, sharing one WASM engine and one launcher. Throws on a language without a runtime. */
export function createRuntimes(languages: Iterable<string>, options: RuntimesOptions): Runtime[] {
  const { cacheDirectory, clock, groups, network, sandbox, scratchDirectory, searchPath } = options;
  const limits = defaultRuntimeLimits;
  const workshop: Workshop = {
    engine: new WasmEngine({ limits, clock, threadHost: options.threadHost }),
    compiler: new ClangCompiler(clock, limits.idleInstanceMs, sandbox, groups),
    launcher: createLauncher({ directory: scratchDirectory, searchPath, clock, sandbox, groups }),
    budget: new MemoryBudget({ bytesMax: limits.processMemoryBytesMax, clock }),
    limits,
    network,
    clock,
    searchPath,
    scratchDirectory,
    cacheDirectory,
    tools: new KnownTools(options.toolsDirectory),
  };
  if (options.threadHost) workshop.engine.prepare();
  return [...languages].map((lang) => {
    const entry = catalog[lang];
    if (!entry) throw new Error(`there is no runtime for ${lang}`);
    return entry.create(workshop);
  });
}
