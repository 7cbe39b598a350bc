import { FunctionVersion } from '@relais/contracts';
import { type Logger, RelaisError } from '@relais/kit';
import { recordCorrupt, storageError } from '../errors.js';
import { keys, nameOfCurrent, ranges } from '../records/keys.js';
import type { RecordReader } from '../records/record-reader.js';
import { BoundedCache } from './bounded-cache.js';
import type { StorageBounds } from './bounds.js';
import { CurrentIndex } from './current-index.js';
import { formatId, type Reference } from './reference.js';

// What the objects of a version cost beside its encoding, about.
const versionOverheadBytes = 512;

/** What readers see: current versions from memory, others from a cache before the disk. Only durable state enters. */
export class Catalog {
  readonly #reader: RecordReader;
  readonly #bounds: StorageBounds;
  readonly #logger: Logger;
  readonly #cache: BoundedCache<FunctionVersion>;
  #index = new CurrentIndex();
  #deletions = 0;

  constructor(reader: RecordReader, bounds: StorageBounds, logger: Logger) {
    this.#reader = reader;
    this.#bounds = bounds;
    this.#logger = logger;
    this.#cache = new BoundedCache({ entriesMax: bounds.cachedVersionsMax, bytesMax: bounds.cachedVersionBytesMax });
  }

  get index(): CurrentIndex {
    return this.#index;
  }

  /** Reads the current versions anew. A damaged one is logged and only it is refused from then on. */
  async load(): Promise<void> {
    const index = new CurrentIndex();
    for await (const scanned of this.#reader.scan(ranges.current(this.#bounds.functionsMax + 1))) {
      if ('version' in scanned) index.set(scanned.version);
      else if (scanned.damage.code === 'failed_precondition') throw scanned.damage;
      else {
        index.setDamaged(nameOfCurrent(scanned.key), scanned.damage);
        this.#logger.error({ key: scanned.key, reason: scanned.damage.fields.reason }, scanned.damage.message);
      }
    }
    if (index.size > this.#bounds.functionsMax) throw tooManyFunctions(this.#bounds.functionsMax);
    this.#index = index;
    this.#cache.clear();
    this.#deletions += 1;
  }

  /** Rejects with not_found, or with `record_corrupt` when the version is there but damaged. */
  async resolve(reference: Reference): Promise<FunctionVersion> {
    if (reference.kind === 'id') return this.#resolveId(reference.name, reference.seconds);
    if (reference.kind === 'number') return this.#resolveNumber(reference.name, reference.version);
    const current = this.#index.get(reference.name);
    if (!current) throw functionNotFound(reference.name);
    return current;
  }

  /** Of a new version, or of one that is current again. */
  becameCurrent(version: FunctionVersion): void {
    this.#index.set(version);
  }

  /** @param recordKeys Keys of all its version and number records. */
  deleted(name: string, recordKeys: readonly string[]): void {
    this.#deletions += 1;
    this.#index.delete(name);
    for (const key of recordKeys) this.#cache.delete(key);
  }

  async #resolveId(name: string, seconds: number): Promise<FunctionVersion> {
    const id = formatId(name, seconds);
    const current = this.#currentOf(name);
    if (current?.id === id) return current;
    const version = await this.#cached(keys.version(name, seconds), (key) => this.#reader.version(key));
    if (!version) throw storageError('not_found', 'version_not_found', `There is no version ${id}.`);
    return version;
  }

  async #resolveNumber(name: string, number: number): Promise<FunctionVersion> {
    const current = this.#currentOf(name);
    if (current?.version === number) return current;
    const version = await this.#cached(keys.number(name, number), async (key) => {
      const seconds = await this.#reader.content(key);
      if (!seconds) return undefined;
      const versionKey = keys.version(name, Number(seconds.toString()));
      const found = await this.#reader.version(versionKey);
      if (!found) throw recordCorrupt(versionKey, 'It is gone; deploy the function again.');
      return found;
    });
    if (!version) throw storageError('not_found', 'version_not_found', `There is no version ${name}@${number}.`);
    return version;
  }

  /** Damage of the current version's record does not touch the others. */
  #currentOf(name: string): FunctionVersion | undefined {
    try {
      return this.#index.get(name);
    } catch (error) {
      if (RelaisError.is(error)) return undefined;
      throw error;
    }
  }

  async #cached(
    key: string,
    read: (key: string) => Promise<FunctionVersion | undefined>,
  ): Promise<FunctionVersion | undefined> {
    const held = this.#cache.get(key);
    if (held) return held;
    const deletionsBefore = this.#deletions;
    const version = await read(key);
    // What a delete overtook may be gone and must not come back through the cache.
    if (version && deletionsBefore === this.#deletions) {
      this.#cache.set(key, version, FunctionVersion.encode(version).finish().length + versionOverheadBytes);
    }
    return version;
  }
}

export function functionNotFound(name: string): RelaisError {
  return storageError('not_found', 'function_not_found', `There is no function ${name}.`);
}

export function tooManyFunctions(limit: number): RelaisError {
  const message = `At most ${limit} functions are kept; delete one or raise the bound.`;
  return storageError('resource_exhausted', 'functions_limit', message, {
    retryable: false,
    limit: { name: 'functionsMax', limit, used: limit + 1 },
  });
}
