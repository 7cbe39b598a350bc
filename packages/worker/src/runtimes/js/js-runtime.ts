import { join } from 'node:path';
import { BuildOutcome, type BuildWork, type FunctionVersion, type LanguageSupport } from '@relais/contracts';
import type { Clock } from '@relais/kit';
import type { NetworkRules } from '../../egress/network-rules.js';
import type { GuestLanguage } from '../../processes/guest-language.js';
import { GuestPool } from '../../processes/guest-pool.js';
import type { MemoryBudget } from '../../processes/memory-budget.js';
import type { ProcessLauncher } from '../../processes/process-launcher.js';
import { memoryMbOf, processBytesOf, type RuntimeLimits } from '../limits.js';
import type { LoadedFunction, Runtime } from '../runtime.js';
import { cleanCrash } from './crash-text.js';
import { checkSyntax } from './syntax.js';

export interface JsRuntimeOptions {
  /** Shared by all that start processes in this worker. */
  readonly budget?: MemoryBudget;
  readonly limits: RuntimeLimits;
  readonly clock: Clock;
  readonly launcher: ProcessLauncher;
  /** What holds for the network of every function. Default: none reaches what it does not name. */
  readonly network?: NetworkRules;
}

/**
 * JavaScript on the Node that runs this worker, in processes of its own. The source is run as it is. With `lang` ts the
 * same for several files in TypeScript, of which node takes the types out as it loads them.
 */
export function createJsRuntime(options: JsRuntimeOptions, lang: 'js' | 'ts' = 'js'): Runtime {
  const guests = new GuestPool({ ...options, language: javascript });
  return {
    lang,
    style: 'processes',
    async probe(): Promise<LanguageSupport> {
      return { lang, runs: true, builds: true, reason: '', toolchain: `node ${process.version}` };
    },
    async build(work: BuildWork, budgetMs: number, signal?: AbortSignal): Promise<BuildOutcome> {
      const form = await checkSyntax(options.launcher, options.clock, lang, work, budgetMs, signal);
      return BuildOutcome.fromPartial({ form });
    },
    async load(version: FunctionVersion, artifact: Buffer): Promise<LoadedFunction> {
      return guests.load(version, artifact);
    },
    instances: () => guests.counts,
    endedIdle: () => guests.endedIdle,
    close: () => guests.close(),
  };
}

const shimPath = join(import.meta.dirname, 'shim.mjs');
// What was bundled or transformed carries a source map, and its stack shows the lines that its author knows.
const quiet = ['ExperimentalWarning', 'MODULE_TYPELESS_PACKAGE_JSON'].map((name) => `--disable-warning=${name}`);
const nodeArgs = ['--enable-source-maps', '--experimental-transform-types', ...quiet];

/** Node with its young generation, code and buffers of its own. */
const overheadMb = 96;

const javascript: GuestLanguage = {
  overheadMb,
  boot(version) {
    const memoryMb = memoryMbOf(version);
    return {
      key: String(memoryMb),
      command: process.execPath,
      memoryBytesMax: processBytesOf(version, overheadMb),
      args: [`--max-old-space-size=${memoryMb}`, ...nodeArgs, shimPath],
    };
  },
  outOfMemory: (exit, stderrTail) => exit.signal === 'SIGABRT' && stderrTail.includes('heap out of memory'),
  cleanStderr: cleanCrash,
};
