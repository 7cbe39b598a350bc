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

export interface PythonRuntimeOptions {
  readonly limits: RuntimeLimits;
  readonly clock: Clock;
  readonly launcher: ProcessLauncher;
  /** Where python3 is looked for, like PATH. */
  readonly searchPath: string;
}

/** Python on the python3 of this machine, in processes of its own. The source is run as it is. */
export function createPythonRuntime(options: PythonRuntimeOptions): Runtime {
  return new PythonRuntime(options);
}

const absent = 'python3 (3.9 or later) is not installed: apt-get install python3';

class PythonRuntime implements Runtime {
  readonly lang = 'python';
  readonly style = 'processes';
  readonly #options: PythonRuntimeOptions;
  #found: Promise<Interpreter | undefined> | undefined;
  #guests: GuestPool | undefined;

  constructor(options: PythonRuntimeOptions) {
    this.#options = options;
  }

  async probe(): Promise<LanguageSupport> {
    const found = await this.#find();
    if (!found) return { lang: this.lang, runs: false, builds: false, reason: absent, toolchain: '' };
    return { lang: this.lang, runs: true, builds: true, reason: '', toolchain: `python ${found.version}` };
  }

  async build(work: BuildWork, budgetMs: number): Promise<BuildOutcome> {
    const { launcher, clock } = this.#options;
    const { path } = await this.#interpreter();
    const form = await checkSyntax(launcher, clock, path, work, budgetMs);
    return { artifact: Buffer.alloc(0), wasm: false, form, diagnostics: [] };
  }

  async load(version: FunctionVersion, artifact: Buffer): Promise<LoadedFunction> {
    const { path } = await this.#interpreter();
    this.#guests ??= new GuestPool({ ...this.#options, language: pythonOn(path) });
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

const options = ['-I', '-u', '-B', '-X', 'utf8'];
const shimPath = join(import.meta.dirname, 'shim.py');
const forkServerPath = join(import.meta.dirname, 'fork_server.py');

function pythonOn(path: string): GuestLanguage {
  return {
    boot: () => ({ key: 'python', command: path, args: [...options, shimPath], setup: {} }),
    forkServer: { command: path, args: [...options, forkServerPath] },
    outOfMemory: () => false,
    cleanStderr: (text) => text,
  };
}
