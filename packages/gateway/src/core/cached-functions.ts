import type { FunctionVersion, StorageServiceService } from '@relais/contracts';
import { RelaisError, type ServiceOf } from '@relais/kit';
import { type Caller, checkMayUse } from './caller.js';
import type { FeedListener } from './change-feed.js';
import type { ControlCalls } from './control-calls.js';
import { brokenContract } from './failures.js';
import { checkReference, nameOfReference } from './names.js';

/** Function references resolved to versions, for those who may use them. */
export interface Functions {
  /** Errors: permission_denied, not_found, invalid_argument, unavailable. */
  resolve(reference: string, caller: Caller): Promise<FunctionVersion>;
}

/** Asks storage every time. */
export class StoredFunctions implements Functions {
  readonly #storage: ServiceOf<typeof StorageServiceService>;
  readonly #calls: ControlCalls;

  constructor(storage: ServiceOf<typeof StorageServiceService>, calls: ControlCalls) {
    this.#storage = storage;
    this.#calls = calls;
  }

  async resolve(reference: string, caller: Caller): Promise<FunctionVersion> {
    checkReference(reference);
    checkMayAsk(caller, reference);
    const version = await this.#ask(reference, caller);
    checkMayUse(caller, version.name);
    return version;
  }

  /** The current version of a name; undefined when there is no function of that name. Errors: unavailable. */
  async current(name: string, caller: Caller): Promise<FunctionVersion | undefined> {
    try {
      const version = await this.#ask(name, caller);
      // A name can have the form of another function's id.
      return version.name === name ? version : undefined;
    } catch (error) {
      if (RelaisError.from(error).code === 'not_found') return undefined;
      throw error;
    }
  }

  async #ask(reference: string, caller: Caller): Promise<FunctionVersion> {
    const request = { function: reference };
    const { version } = await this.#calls.run('storage', caller, (c) => this.#storage.resolveFunction(request, c));
    if (!version) throw brokenContract('Storage resolved a function to nothing.');
    return version;
  }
}

/**
 * Keeps what was resolved for as long as the change feed vouches for it; while the feed is lost every question goes to
 * storage. At most `entriesMax` references; the one not used for longest goes.
 */
export class CachedFunctions implements Functions, FeedListener {
  readonly #source: Functions;
  readonly #entriesMax: number;
  // In order of last use.
  readonly #entries = new Map<string, FunctionVersion>();
  // The last of them, which is in its place already.
  #newest = '';
  #isLive = false;
  // Counts forgettings: what was asked before one may not be kept after it.
  #epoch = 0;

  constructor(source: Functions, entriesMax: number) {
    this.#source = source;
    this.#entriesMax = entriesMax;
  }

  /** What is known without asking. Throws permission_denied. */
  peek(reference: string, caller: Caller): FunctionVersion | undefined {
    const version = this.#entries.get(reference);
    if (!version) return undefined;
    checkMayUse(caller, version.name);
    if (reference !== this.#newest) this.#keep(reference, version);
    return version;
  }

  async resolve(reference: string, caller: Caller): Promise<FunctionVersion> {
    const known = this.peek(reference, caller);
    if (known) return known;
    const epoch = this.#epoch;
    const version = await this.#source.resolve(reference, caller);
    if (this.#isLive && epoch === this.#epoch) this.#keep(reference, version);
    return version;
  }

  changed(names: readonly string[] | undefined): void {
    this.#epoch++;
    this.#newest = '';
    if (!names) {
      this.#entries.clear();
      return;
    }
    const gone = new Set(names);
    for (const [reference, version] of this.#entries) {
      if (gone.has(version.name)) this.#entries.delete(reference);
    }
  }

  live(): void {
    this.#isLive = true;
  }

  lost(): void {
    this.#isLive = false;
    this.changed(undefined);
  }

  #keep(reference: string, version: FunctionVersion): void {
    this.#entries.delete(reference);
    this.#entries.set(reference, version);
    this.#newest = reference;
    if (this.#entries.size <= this.#entriesMax) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }
}

/** A key for some functions learns nothing of others, not even whether they are there. */
function checkMayAsk(caller: Caller, reference: string): void {
  // What looks like the id of a version can be a name as well.
  if (!caller.functions?.has(reference)) checkMayUse(caller, nameOfReference(reference));
}
