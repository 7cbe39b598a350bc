import type { KeyRecord, StorageServiceService } from '@relais/contracts';
import { type Clock, RelaisError, type ServiceOf } from '@relais/kit';
import type { Caller } from '../core/caller.js';
import type { FeedListener } from '../core/change-feed.js';
import type { ControlCalls } from '../core/control-calls.js';
import { brokenContract } from '../core/failures.js';
import { KeyUsage } from './key-usage.js';

const feedPrefix = 'key/';

/** A key of storage as requests are checked against it. */
export interface KnownKey {
  readonly record: KeyRecord;
  readonly scopes: ReadonlySet<string>;
  /** Names of the only functions it is good for; undefined: all. */
  readonly functions: ReadonlySet<string> | undefined;
  readonly usage: KeyUsage;
}

export interface KnownKeysOptions {
  readonly storage: ServiceOf<typeof StorageServiceService>;
  readonly calls: ControlCalls;
  readonly clock: Clock;
}

/**
 * All keys in memory for as long as the change feed vouches for them, so that a key that is none costs nothing. As soon
 * as the feed tells of a change, or is lost, every key is asked of storage until the new list is here: a revoked key
 * opens nothing from then on.
 */
export class KnownKeys implements FeedListener {
  readonly #options: KnownKeysOptions;
  #known: ReadonlyMap<string, KnownKey> | undefined;
  // Outlives a change of the list: a limit does not begin anew because another key was made.
  #usages = new Map<string, KeyUsage>();
  #isLive = false;
  // Counts changes: a list asked for before one is not kept after it.
  #epoch = 0;

  constructor(options: KnownKeysOptions) {
    this.#options = options;
  }

  /** Undefined when there is no such key. Rejects with unavailable when it had to ask and storage is away. */
  find(id: string, caller: Caller): KnownKey | undefined | Promise<KnownKey | undefined> {
    return this.#known ? this.#known.get(id) : this.#ask(id, caller);
  }

  changed(names: readonly string[] | undefined): void {
    if (names && !names.some((name) => name.startsWith(feedPrefix))) return;
    this.#known = undefined;
    this.#epoch++;
    if (this.#isLive) void this.#learn(this.#epoch);
  }

  live(): void {
    this.#isLive = true;
    void this.#learn(this.#epoch);
  }

  lost(): void {
    this.#isLive = false;
    this.changed(undefined);
  }

  /** Says at once what the feed would say in a moment. */
  keyChanged(id: string): void {
    this.changed([`${feedPrefix}${id}`]);
  }

  async #ask(id: string, caller: Caller): Promise<KnownKey | undefined> {
    const { calls, storage } = this.#options;
    try {
      const { key } = await calls.run('storage', caller, (c) => storage.getKey({ id }, c));
      if (!key) throw brokenContract('Storage found a key and did not give it.');
      return this.#judged(key);
    } catch (error) {
      if (RelaisError.from(error).code === 'not_found') return undefined;
      throw error;
    }
  }

  // A failure is no harm: every key is asked for until the next change.
  async #learn(epoch: number): Promise<void> {
    const { calls, storage } = this.#options;
    try {
      const { keys } = await calls.run('storage', { traceparent: '' }, (c) => storage.listKeys({}, c));
      if (epoch !== this.#epoch) return;
      const known = new Map(keys.map((record) => [record.id, this.#judged(record)]));
      this.#usages = new Map([...known].map(([id, { usage }]) => [id, usage]));
      this.#known = known;
    } catch {
      this.#known = undefined;
    }
  }

  #judged(record: KeyRecord): KnownKey {
    const usage = this.#usages.get(record.id) ?? new KeyUsage(record, this.#options.clock);
    this.#usages.set(record.id, usage);
    const functions = record.functions.length > 0 ? new Set(record.functions) : undefined;
    return { record, scopes: new Set(record.scopes), functions, usage };
  }
}
