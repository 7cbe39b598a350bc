import { readFile } from 'node:fs/promises';
import { type BuildOutcome, type BuildWork, LanguageSupport } from '@relais/contracts';
import { openSource } from '../../sources/source-tree.js';
import type { WasmEngine } from '../../wasm/engine.js';
import { compileFailure } from '../compiled/compile-failure.js';
import { moduleOutcome } from '../compiled/module-outcome.js';
import { isReused, type RuntimeLimits } from '../limits.js';
import type { Runtime } from '../runtime.js';
import { checkCflags } from './cflags.js';
import type { ClangCompiler } from './clang-compiler.js';
import { parseClangOutput } from './clang-diagnostics.js';
import { type ClangLanguage, program, singleProgram } from './clang-sources.js';
import { reusable, reuseFlags } from './reuse.js';

export interface ClangRuntimeOptions {
  /** Shared with the other languages that become WASM; whoever made it closes it. */
  readonly engine: WasmEngine;
  /** Shared by C and C++, which live and are closed together. */
  readonly compiler: ClangCompiler;
  readonly limits: RuntimeLimits;
}

// The stack lies first, so that overflowing it traps instead of writing over data; 256 KiB of it and a heap that malloc
// can use before memory must grow, because a call that grew memory costs a new instance.
// setjmp stands on exceptions of WebAssembly, and costs nothing where it is not used.
const fixedFlags = [
  '-mllvm',
  '-wasm-enable-sjlj',
  '-lsetjmp',
  '-Wl,--stack-first',
  '-Wl,-z,stack-size=262144',
  '-Wl,--initial-heap=131072',
  '-fno-caret-diagnostics',
  '-fno-color-diagnostics',
];

/** A language of clang: compiled at deploy by the LLVM that npm brings, run by the WASM engine. */
export function createClangRuntime(language: ClangLanguage, options: ClangRuntimeOptions): Runtime {
  const { engine, compiler } = options;
  return {
    lang: language.lang,
    style: 'inline',
    probe: () => probe(language.lang),
    build: (work, budgetMs, signal) => build(language, options, work, budgetMs, signal),
    load: (version, artifact) => engine.load(version, artifact),
    close: () => compiler.close(),
  };
}

async function probe(lang: string): Promise<LanguageSupport> {
  try {
    const manifestUrl = new URL('../package.json', import.meta.resolve('@yowasp/clang'));
    const { version } = JSON.parse(await readFile(manifestUrl, 'utf8')) as { version: string };
    const toolchain = `LLVM ${version.split('.')[0]} (@yowasp/clang ${version})`;
    return LanguageSupport.create({ lang, runs: true, builds: true, toolchain });
  } catch {
    const reason = 'The npm package @yowasp/clang is not installed. Install it with: npm install';
    return LanguageSupport.create({ lang, runs: true, builds: false, reason });
  }
}

async function build(
  language: ClangLanguage,
  { compiler, limits }: ClangRuntimeOptions,
  work: BuildWork,
  budgetMs: number,
  signal: AbortSignal | undefined,
): Promise<BuildOutcome> {
  const cflags = work.config?.cflags ?? [];
  checkCflags(cflags);
  const endMs = compiler.clock.nowMs() + budgetMs;
  const tree = await openSource(work.source, work.filename, { lang: language.lang, entry: work.config?.entry ?? '' });
  const filename = tree.single ? work.filename || tree.entry : tree.entry;
  const given = tree.single ? singleProgram(language, tree) : program(language, tree);
  const { files, sources } = isReused(work) ? reusable(language, given) : given;
  const [entry = ''] = sources;
  const linking = isReused(work) ? [...fixedFlags, ...reuseFlags] : fixedFlags;
  const flags = [...language.defaultFlags, ...cflags, '-I.', ...language.fixedFlags, ...linking];
  const leftMs = Math.max(1, endMs - compiler.clock.nowMs());
  const { module, said } = await compiler.compile({ files, sources, flags }, leftMs, { caller: work.caller, signal });
  const diagnostics = parseClangOutput(said, entry, filename);
  if (!module) throw compileFailure(diagnostics, filename);
  return moduleOutcome(module, work, diagnostics, limits.artifactBytesMax);
}
