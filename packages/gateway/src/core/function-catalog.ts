import type { FunctionVersion, IsolationCost, StorageServiceService } from '@relais/contracts';
import { RelaisError, type ServiceOf } from '@relais/kit';
import type { CachedFunctions, StoredFunctions } from './cached-functions.js';
import { type Caller, checkMayUse } from './caller.js';
import type { ControlCalls } from './control-calls.js';
import { brokenContract, invalid } from './failures.js';
import { checkKeepsSecrets } from './kept-secrets.js';
import { checkName } from './names.js';
import type { StartCosts } from './start-costs.js';

const pageSizeMax = 1_000;
const pageSizeDefault = 100;

export interface FunctionPage {
  readonly versions: readonly FunctionVersion[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

export interface VersionPage extends FunctionPage {
  /** The one that the name stands for. */
  readonly currentVersion: number;
}

export interface Rollback {
  readonly version: FunctionVersion;
  /** The same when nothing had to change. */
  readonly previousVersion: number;
}

export interface FunctionCatalogOptions {
  readonly storage: ServiceOf<typeof StorageServiceService>;
  readonly calls: ControlCalls;
  /** Asks storage itself, so that a reader sees the last acknowledged write. */
  readonly stored: StoredFunctions;
  readonly functions: CachedFunctions;
  readonly costs: StartCosts;
}

export interface FunctionDetails {
  readonly version: FunctionVersion;
  readonly source: Buffer;
  /** Measured at the build, or learnt from calls; undefined while neither is known. */
  readonly isolationCost: IsolationCost | undefined;
}

/** Reads and removes functions, and says which version of one is current. */
export class FunctionCatalog {
  readonly #options: FunctionCatalogOptions;

  constructor(options: FunctionCatalogOptions) {
    this.#options = options;
  }

  /** One version with its source and what its isolation costs. Errors: invalid_argument, not_found, unavailable. */
  async get(reference: string, caller: Caller): Promise<FunctionDetails> {
    const { calls, costs, storage, stored } = this.#options;
    const version = await stored.resolve(reference, caller);
    const request = { digest: version.sourceDigest };
    const { content } = await calls.run('storage', caller, (c) => storage.getBlob(request, c));
    return { version, source: content, isolationCost: version.isolationCost ?? costs.of(version.id) };
  }

  /** A page of current versions ordered by name, without those the caller may not use; size 0 means 100. Errors: invalid_argument, unavailable. */
  async list(pageSize: number, pageToken: string, caller: Caller): Promise<FunctionPage> {
    const { calls, storage } = this.#options;
    const request = { pageSize: checkedPageSize(pageSize), afterName: nameOfToken(pageToken) };
    const { functions } = caller;
    const { more, versions } = functions
      ? await this.#listOnly(functions, request, caller)
      : await calls.run('storage', caller, (c) => storage.listFunctions(request, c));
    const last = versions.at(-1);
    return { versions, nextPageToken: more && last ? Buffer.from(last.name).toString('base64url') : '' };
  }

  /** A page of these functions alone. A key names few, so they are asked for one by one, and nothing tells of others. */
  async #listOnly(
    functions: ReadonlySet<string>,
    { afterName, pageSize }: { pageSize: number; afterName: string },
    caller: Caller,
  ): Promise<{ versions: FunctionVersion[]; more: boolean }> {
    const versions: FunctionVersion[] = [];
    for (const name of [...functions].filter((each) => each > afterName).sort()) {
      const version = await this.#find(name, caller);
      if (!version) continue;
      if (versions.length === pageSize) return { versions, more: true };
      versions.push(version);
    }
    return { versions, more: false };
  }

  /** The current version of a name; undefined when there is none, or a damaged one, which no list has. */
  async #find(name: string, caller: Caller): Promise<FunctionVersion | undefined> {
    try {
      return await this.#options.stored.current(name, caller);
    } catch (error) {
      if (RelaisError.from(error).fields.reason === 'record_corrupt') return undefined;
      throw error;
    }
  }

  /** A page of the versions of a name, oldest first; size 0 means 100. Errors: invalid_argument, not_found, unavailable. */
  async versions(name: string, pageSize: number, pageToken: string, caller: Caller): Promise<VersionPage> {
    const { calls, storage } = this.#options;
    checkName(name);
    checkMayUse(caller, name);
    const request = { name, pageSize: checkedPageSize(pageSize), afterVersion: versionOfToken(pageToken) };
    const { currentVersion, more, versions } = await calls.run('storage', caller, (c) =>
      storage.listVersions(request, c),
    );
    const last = versions.at(-1);
    return { versions, currentVersion, nextPageToken: more && last ? String(last.version) : '' };
  }

  /**
   * Makes a version the current one, 0 the one before it; the version, and the number of what was current. Errors:
   * permission_denied, invalid_argument, not_found, failed_precondition, unavailable.
   */
  async rollback(name: string, number: number, caller: Caller): Promise<Rollback> {
    const { calls, functions, storage } = this.#options;
    checkName(name);
    checkMayUse(caller, name);
    const request = { name, version: await this.#rollbackTarget(name, number, caller) };
    const { previousVersion, version } = await calls.write(caller, (c) => storage.setCurrent(request, c));
    functions.changed([name]);
    if (!version) throw brokenContract('Storage made nothing current.');
    return { version, previousVersion };
  }

  /** The number to roll back to, by a key for some functions only when that brings back no secret that was taken away. */
  async #rollbackTarget(name: string, number: number, caller: Caller): Promise<number> {
    if (!caller.functions) return number;
    const { stored } = this.#options;
    const current = await stored.current(name, caller);
    const wanted = number || (current?.version ?? 0) - 1;
    // Storage knows what to say of a version that cannot be.
    if (wanted < 1) return number;
    const { config } = await stored.resolve(`${name}@${wanted}`, caller);
    checkKeepsSecrets(caller, current, config?.secrets ?? []);
    // That very one is made current, whatever is the one before by then.
    return wanted;
  }

  /** Removes a name with all its versions; how many. Errors: invalid_argument, not_found, unavailable. */
  async delete(name: string, caller: Caller): Promise<number> {
    const { calls, functions, storage } = this.#options;
    checkName(name);
    checkMayUse(caller, name);
    const { versionsDeleted } = await calls.write(caller, (c) => storage.deleteFunction({ name }, c));
    functions.changed([name]);
    return versionsDeleted;
  }
}

function checkedPageSize(pageSize: number): number {
  if (Number.isInteger(pageSize) && pageSize >= 0 && pageSize <= pageSizeMax) return pageSize || pageSizeDefault;
  throw invalid('bad_page_size', `The page size must be 1 to ${pageSizeMax}; leave it out for ${pageSizeDefault}.`);
}

function versionOfToken(pageToken: string): number {
  if (pageToken === '') return 0;
  if (/^[1-9]\d{0,8}$/.test(pageToken)) return Number(pageToken);
  throw badPageToken();
}

function badPageToken(): Error {
  return invalid('bad_page_token', 'The page token is none of ours; use nextPageToken of the page before.');
}

function nameOfToken(pageToken: string): string {
  if (pageToken === '') return '';
  const name = Buffer.from(pageToken.slice(0, 200), 'base64url').toString();
  try {
    checkName(name);
  } catch {
    throw badPageToken();
  }
  return name;
}
