import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  BuildOutcome,
  type BuildWork,
  type Diagnostic,
  Form,
  type FunctionVersion,
  LanguageSupport,
} from '@relais/contracts';
import { type Clock, RelaisError } from '@relais/kit';
import type { WasmEngine } from '../../wasm/engine.js';
import { analyseModule, checkInitialMemory } from '../../wasm/module/analyse.js';
import type { RuntimeLimits } from '../limits.js';
import type { LoadedFunction, Runtime } from '../runtime.js';
import { checkCflags } from './cflags.js';
import { ClangCompiler } from './clang-compiler.js';
import { parseClangOutput } from './clang-diagnostics.js';

export interface CRuntimeOptions {
  /** Shared with the other languages that become WASM; whoever made it closes it. */
  readonly engine: WasmEngine;
  readonly limits: RuntimeLimits;
  readonly clock: Clock;
}

const defaultFilename = 'main.c';
const defaultMemoryMb = 128;

// The stack lies first, so that overflowing it traps instead of writing over data; 256 KiB of it and a heap that malloc
// can use before memory must grow, because a call that grew memory costs a new instance.
const ownFlags = [
  '-Wl,--stack-first',
  '-Wl,-z,stack-size=262144',
  '-Wl,--initial-heap=131072',
  '-fno-caret-diagnostics',
  '-fno-color-diagnostics',
];

/** C: compiled at deploy by the LLVM that npm brings, run by the WASM engine. */
export function createCRuntime(options: CRuntimeOptions): Runtime {
  const { engine, limits, clock } = options;
  const compiler = new ClangCompiler(clock, limits.idleInstanceMs);
  return {
    lang: 'c',
    style: 'inline',
    probe,
    build: (work, budgetMs) => build(compiler, limits, work, budgetMs),
    load: (version: FunctionVersion, artifact: Buffer): Promise<LoadedFunction> => engine.load(version, artifact),
    close: () => compiler.close(),
  };
}

async function probe(): Promise<LanguageSupport> {
  try {
    const manifestUrl = new URL('../package.json', import.meta.resolve('@yowasp/clang'));
    const { version } = JSON.parse(await readFile(manifestUrl, 'utf8')) as { version: string };
    const toolchain = `LLVM ${version.split('.')[0]} (@yowasp/clang ${version})`;
    return LanguageSupport.create({ lang: 'c', runs: true, builds: true, toolchain });
  } catch {
    const reason = 'The npm package @yowasp/clang is not installed. Install it with: npm install';
    return LanguageSupport.create({ lang: 'c', runs: true, builds: false, reason });
  }
}

async function build(
  compiler: ClangCompiler,
  limits: RuntimeLimits,
  work: BuildWork,
  budgetMs: number,
): Promise<BuildOutcome> {
  const cflags = work.config?.cflags ?? [];
  checkCflags(cflags);
  const filename = work.filename || defaultFilename;
  const name = nameInCompiler(filename);
  const flags = ['-O2', ...cflags, ...ownFlags];
  const { module, said } = await compiler.compile({ name, source: work.source, flags }, budgetMs);
  const diagnostics = parseClangOutput(said, name, filename);
  if (!module) throw compileError(diagnostics, filename);
  if (module.length > limits.artifactBytesMax) throw tooLarge(module.length, limits.artifactBytesMax);
  checkInitialMemory(analyseModule(module), work.config?.memoryMb || defaultMemoryMb);
  return BuildOutcome.create({ artifact: Buffer.from(module), wasm: true, form: Form.FORM_PROGRAM, diagnostics });
}

/** The caller's file name where it is plain, so that __FILE__ and messages show it. */
function nameInCompiler(filename: string): string {
  const name = basename(filename);
  return /^\w[\w.-]{0,100}\.c$/.test(name) ? name : defaultFilename;
}

function compileError(diagnostics: readonly Diagnostic[], filename: string): RelaisError {
  const first = diagnostics.find(({ severity }) => severity === 'error');
  const known = first
    ? diagnostics
    : [
        ...diagnostics,
        { file: filename, line: 0, column: 0, severity: 'error', message: 'the compiler made no program' },
      ];
  const shown = first ?? known[known.length - 1];
  const place = shown?.line ? `${shown.file}:${shown.line}:${shown.column}: ` : '';
  return new RelaisError('invalid_argument', `The source does not compile: ${place}${shown?.message}`, {
    reason: 'compile_error',
    diagnostics: known,
  });
}

function tooLarge(usedBytes: number, limitBytes: number): RelaisError {
  return new RelaisError('invalid_argument', `The compiled module has ${usedBytes} bytes; ${limitBytes} are allowed.`, {
    reason: 'artifact_too_large',
    limit: { name: 'artifactBytesMax', limit: limitBytes, used: usedBytes },
  });
}
