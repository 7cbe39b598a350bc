import { join } from 'node:path';
import type { BuildOutcome, BuildWork, FunctionVersion, LanguageSupport } from '@relais/contracts';
import { type Clock, RelaisError } from '@relais/kit';
import type { GuestLanguage } from '../../processes/guest-language.js';
import { GuestPool } from '../../processes/guest-pool.js';
import type { ProcessLauncher } from '../../processes/process-launcher.js';
import type { RuntimeLimits } from '../limits.js';
import type { LoadedFunction, Runtime } from '../runtime.js';
import { findInterpreter, type Interpreter } from './interpreter.js';
import { checkSyntax } from './syntax.js';

export interface PhpRuntimeOptions {
  readonly limits: RuntimeLimits;
  readonly clock: Clock;
  readonly launcher: ProcessLauncher;
  /** Where php is looked for, like PATH. */
  readonly searchPath: string;
}

/** PHP on the php-cli of this machine with its own php.ini, in processes of its own. The source is run as it is. */
export function createPhpRuntime(options: PhpRuntimeOptions): Runtime {
  return new PhpRuntime(options);
}

const absent = 'php-cli (8.0 or later) is not installed: apt-get install php-cli';

class PhpRuntime implements Runtime {
  readonly lang = 'php';
  readonly style = 'processes';
  readonly #options: PhpRuntimeOptions;
  #found: Promise<Interpreter | undefined> | undefined;
  #guests: GuestPool | undefined;

  constructor(options: PhpRuntimeOptions) {
    this.#options = options;
  }

  async probe(): Promise<LanguageSupport> {
    const found = await this.#find();
    if (!found) return { lang: this.lang, runs: false, builds: false, reason: absent, toolchain: '' };
    return { lang: this.lang, runs: true, builds: true, reason: '', toolchain: `php ${found.version}` };
  }

  async build(work: BuildWork, budgetMs: number): Promise<BuildOutcome> {
    const { launcher, clock } = this.#options;
    const { path } = await this.#interpreter();
    const form = await checkSyntax(launcher, clock, path, work, budgetMs);
    return { artifact: Buffer.alloc(0), wasm: false, form, diagnostics: [] };
  }

  async load(version: FunctionVersion, artifact: Buffer): Promise<LoadedFunction> {
    const { path } = await this.#interpreter();
    this.#guests ??= new GuestPool({ ...this.#options, language: phpOn(path) });
    return this.#guests.load(version, artifact);
  }

  async close(): Promise<void> {
    await this.#guests?.close();
  }

  // Looked for once: what is installed later is found by the next worker.
  #find(): Promise<Interpreter | undefined> {
    this.#found ??= findInterpreter(this.#options.launcher, this.#options.clock, this.#options.searchPath);
    return this.#found;
  }

  async #interpreter(): Promise<Interpreter> {
    const found = await this.#find();
    if (found) return found;
    throw new RelaisError('failed_precondition', absent, { reason: 'toolchain_absent', component: 'worker' });
  }
}

const shimPath = join(import.meta.dirname, 'shim.php');
const forkServerPath = join(import.meta.dirname, 'fork_server.php');
const defaultMemoryMb = 128;
/** Standard output belongs to the function, so what PHP has to say goes to standard error, and once. */
const settings = {
  display_errors: 'stderr',
  display_startup_errors: '0',
  log_errors: '0',
  html_errors: '0',
  auto_prepend_file: '',
  auto_append_file: '',
  output_buffering: '0',
  // Arguments in a trace may hold what must not be logged.
  'zend.exception_ignore_args': '1',
};
const settingArgs = Object.entries(settings).flatMap(([name, value]) => ['-d', `${name}=${value}`]);

function phpOn(path: string): GuestLanguage {
  return {
    boot(version) {
      const memoryMb = version.config?.memoryMb || defaultMemoryMb;
      const args = [...settingArgs, '-d', `memory_limit=${memoryMb}M`, shimPath];
      return { key: String(memoryMb), command: path, args, setup: { memoryMb } };
    },
    forkServer: { command: path, args: [...settingArgs, forkServerPath] },
    outOfMemory: (exit, stderrTail) => exit.exitCode === 255 && stderrTail.includes('Allowed memory size of '),
    cleanStderr: (text) => text.replace(ownDirectory, ''),
  };
}

/** Where a process keeps its plain source, however deep that lies. */
const ownDirectory = /(?:\/[^\s/:]+)+\/\.relais\//g;
