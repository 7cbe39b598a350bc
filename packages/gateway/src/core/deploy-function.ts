import {
  BuildOutcome,
  type BuildWork,
  type Diagnostic,
  Form,
  type FunctionConfig,
  type FunctionVersion,
  type StorageServiceService,
} from '@relais/contracts';
import { type Clock, invocationId, RelaisError, type ServiceOf } from '@relais/kit';
import type { CachedFunctions, StoredFunctions } from './cached-functions.js';
import { type Caller, checkMayUse } from './caller.js';
import type { ControlCalls } from './control-calls.js';
import { brokenContract, invalid, networkHostRefused, tooLarge } from './failures.js';
import { checkFilename } from './filenames.js';
import { completeConfig } from './function-config.js';
import type { JobDispatcher } from './job-dispatcher.js';
import { checkKeepsSecrets } from './kept-secrets.js';
import { type KnownLanguage, languageOf } from './languages.js';
import type { Languages } from './languages-offered.js';
import { checkName } from './names.js';
import type { Secrets } from './secrets.js';

export interface DeployInput {
  readonly name: string;
  /** Name or alias of a language; empty: the file name tells it. */
  readonly lang: string;
  readonly source: Buffer;
  /** Empty: the language's convention. */
  readonly filename: string;
  /** True: a taken name gets a new version. */
  readonly update: boolean;
  /** Zero and empty values mean the default. */
  readonly config: FunctionConfig | undefined;
}

export interface DeployOutput {
  readonly version: FunctionVersion;
  /** Warnings of the build. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface DeployFunctionOptions {
  readonly storage: ServiceOf<typeof StorageServiceService>;
  readonly calls: ControlCalls;
  /** Asks storage itself, so that a deploy sees the last acknowledged one. */
  readonly stored: StoredFunctions;
  readonly functions: CachedFunctions;
  readonly secrets: Secrets;
  readonly languages: Languages;
  readonly jobs: JobDispatcher;
  readonly clock: Clock;
  /** Whether functions may be deployed with network=host. */
  readonly networkHost: boolean;
  readonly sourceBytesMax: number;
  readonly buildTimeoutMs: number;
}

/** Builds a source and stores it as a version. Nothing is stored unless everything succeeded. */
export class DeployFunction {
  readonly #options: DeployFunctionOptions;

  constructor(options: DeployFunctionOptions) {
    this.#options = options;
  }

  /**
   * Errors: permission_denied, invalid_argument (name, language, config; reason compile_error with diagnostics), already_exists,
   * failed_precondition (reason toolchain_absent, network_host_refused), resource_exhausted, deadline_exceeded, unavailable.
   */
  async run(input: DeployInput, caller: Caller): Promise<DeployOutput> {
    const { calls, storage } = this.#options;
    checkName(input.name);
    checkMayUse(caller, input.name);
    checkFilename(input.filename);
    const language = languageOf(input.lang, input.filename);
    const config = completeConfig(input.config, language);
    if (config.network === 'host' && !this.#options.networkHost) throw networkHostRefused();
    this.#checkSource(input.source, language);
    await this.#checkSecrets(input.name, config.secrets, caller);
    if (!input.update) await this.#checkFree(input.name, caller);
    const filename = input.filename || language.filename;
    const work = { source: input.source, filename, config, caller: caller.keyId ?? input.name };
    const built = await this.#build(language, work, caller);
    const { artifact, form, isolationCost, wasm } = built;
    const { name, source, update } = input;
    const runnable = { wasm, form, filename, config, source, artifact, isolationCost };
    const request = { name, lang: language.lang, update, ...runnable };
    const { version } = await calls.write(caller, (c) => storage.createVersion(request, c));
    if (!version) throw brokenContract('Storage created nothing.');
    this.#options.functions.changed([name]);
    return { version, diagnostics: built.diagnostics };
  }

  #checkSource(source: Buffer, language: KnownLanguage): void {
    const { sourceBytesMax } = this.#options;
    if (source.length > sourceBytesMax) throw tooLarge('source', 'sourceBytesMax', sourceBytesMax, source.length);
    if (source.length === 0) throw invalid('empty_source', 'The source is empty: there is nothing to build.');
    if (language.isStatic && isArchive(source))
      throw invalid(
        'archive_not_allowed',
        `A function in ${language.lang} is one page; send the page, not an archive.`,
      );
  }

  async #checkSecrets(name: string, secrets: readonly string[], caller: Caller): Promise<void> {
    await this.#options.secrets.values(secrets, caller);
    if (!caller.functions || secrets.length === 0) return;
    checkKeepsSecrets(caller, await this.#options.stored.current(name, caller), secrets);
  }

  // Storage decides; this spares the caller a build that could only end in a refusal.
  async #checkFree(name: string, caller: Caller): Promise<void> {
    if (!(await this.#options.stored.current(name, caller))) return;
    const message = `There is a function "${name}" already; only an update gives it a new version.`;
    throw new RelaisError('already_exists', message, { reason: 'name_taken', component: 'gateway' });
  }

  async #build(language: KnownLanguage, value: BuildWork, caller: Caller): Promise<BuildOutcome> {
    if (language.isStatic) return BuildOutcome.fromPartial({ form: Form.FORM_STATIC });
    await this.#options.languages.checkBuildable(language.lang, caller);
    const result = await this.#options.jobs.run(
      {
        invocationId: invocationId(this.#options.clock.wallMs()),
        lang: language.lang,
        budgetMs: this.#options.buildTimeoutMs,
        work: { $case: 'build', value },
      },
      caller,
    );
    if (result.outcome?.$case !== 'built') throw brokenContract('A build was answered with something else.');
    return result.outcome.value;
  }
}

/** A .tar.gz or a .zip, by its first bytes. */
function isArchive(source: Buffer): boolean {
  return source.toString('latin1', 0, 2) === '\x1f\x8b' || source.toString('latin1', 0, 4) === 'PK\x03\x04';
}
