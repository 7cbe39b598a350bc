import { BuildOutcome, type BuildWork, type Form, type FunctionVersion, type LanguageSupport } from '@relais/contracts';
import { type Clock, RelaisError } from '@relais/kit';
import type { NetworkRules } from '../../egress/network-rules.js';
import type { GuestLanguage } from '../../processes/guest-language.js';
import { GuestPool } from '../../processes/guest-pool.js';
import type { MemoryBudget } from '../../processes/memory-budget.js';
import type { ProcessLauncher } from '../../processes/process-launcher.js';
import type { RuntimeLimits } from '../limits.js';
import type { InstanceCounts, LoadedFunction, Runtime } from '../runtime.js';

export interface InterpretedRuntimeOptions {
  /** Shared by all that start processes in this worker. */
  readonly budget?: MemoryBudget;
  readonly limits: RuntimeLimits;
  readonly clock: Clock;
  readonly launcher: ProcessLauncher;
  /** What holds for the network of every function. Default: none reaches what it does not name. */
  readonly network?: NetworkRules;
  /** Where the interpreter is looked for, like PATH. */
  readonly searchPath: string;
}

/** An interpreter of this machine. */
export interface Interpreter {
  /** Absolute. */
  readonly path: string;
  readonly version: string;
  /** Directories that it needs to be able to read, beside the system's own. */
  readonly readable: readonly string[];
}

/** What sets one interpreted language apart from another. */
export interface InterpretedLanguage {
  readonly lang: string;
  /** What is missing when there is no interpreter, and the install line. */
  readonly absent: string;
  find(launcher: ProcessLauncher, clock: Clock, searchPath: string): Promise<Interpreter | undefined>;
  /** The form of a source, or a rejection with compile_error and diagnostics. */
  check(
    launcher: ProcessLauncher,
    clock: Clock,
    interpreter: Interpreter,
    work: BuildWork,
    budgetMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Form>;
  /** How functions run on an interpreter. */
  guestsOn(interpreter: Interpreter): GuestLanguage;
}

/** A language run by an interpreter of this machine, in processes of its own. The source is run as it is. */
export class InterpretedRuntime implements Runtime {
  readonly style = 'processes';
  readonly #language: InterpretedLanguage;
  readonly #options: InterpretedRuntimeOptions;
  #found: Promise<Interpreter | undefined> | undefined;
  #guests: GuestPool | undefined;

  constructor(language: InterpretedLanguage, options: InterpretedRuntimeOptions) {
    this.#language = language;
    this.#options = options;
  }

  get lang(): string {
    return this.#language.lang;
  }

  async probe(): Promise<LanguageSupport> {
    const { absent, lang } = this.#language;
    const found = await this.#find();
    if (!found) return { lang, runs: false, builds: false, reason: absent, toolchain: '' };
    return { lang, runs: true, builds: true, reason: '', toolchain: `${lang} ${found.version}` };
  }

  async build(work: BuildWork, budgetMs: number, signal?: AbortSignal): Promise<BuildOutcome> {
    const { launcher, clock } = this.#options;
    const form = await this.#language.check(launcher, clock, await this.#interpreter(), work, budgetMs, signal);
    return BuildOutcome.fromPartial({ form });
  }

  async load(version: FunctionVersion, artifact: Buffer): Promise<LoadedFunction> {
    const language = this.#language.guestsOn(await this.#interpreter());
    this.#guests ??= new GuestPool({ ...this.#options, language });
    return this.#guests.load(version, artifact);
  }

  readonly instances = (): InstanceCounts => this.#guests?.counts ?? { busy: 0, idle: 0 };

  readonly endedIdle = (): number => this.#guests?.endedIdle ?? 0;

  async close(): Promise<void> {
    await this.#guests?.close();
  }

  // Looked for once: what is installed later is found by the next worker.
  #find(): Promise<Interpreter | undefined> {
    const { clock, launcher, searchPath } = this.#options;
    this.#found ??= this.#language.find(launcher, clock, searchPath);
    return this.#found;
  }

  async #interpreter(): Promise<Interpreter> {
    const found = await this.#find();
    if (found) return found;
    throw new RelaisError('failed_precondition', this.#language.absent, {
      reason: 'toolchain_absent',
      component: 'worker',
    });
  }
}
