import type { ArtifactServiceService, FunctionVersion } from '@relais/contracts';
import { type Clock, RelaisError, type ServiceOf } from '@relais/kit';
import type { LoadedFunction, Runtime } from '../runtimes/runtime.js';

/** A version that is ready for calls, with when it became so: monotonic milliseconds. */
export interface CachedFunction {
  readonly version: FunctionVersion;
  readonly loaded: LoadedFunction;
  readonly fetchedAtMs: number;
  readonly loadedAtMs: number;
}

export interface FunctionCacheOptions {
  readonly artifacts: ServiceOf<typeof ArtifactServiceService>;
  readonly clock: Clock;
  readonly runtimeOf: (lang: string) => Runtime | undefined;
  /** Loaded versions kept; beyond it the least recently used idle one is closed. */
  readonly functionsMax: number;
  /** Memory of loaded versions together; beyond it the least recently used idle ones are closed. */
  readonly loadedBytesMax: number;
}

/** A version is fetched within this. All who ask meanwhile wait for the same fetch, so it is held to the time of none of them. */
const fetchMs = 30_000;

interface Entry extends CachedFunction {
  uses: number;
}

/** The versions this worker has ready. Each is fetched and loaded once however many calls ask at the same time. */
export class FunctionCache {
  readonly #options: FunctionCacheOptions;
  /** In order of last use, oldest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #loading = new Map<string, Promise<Entry>>();
  readonly #closed = new AbortController();
  #loadedBytes = 0;

  constructor(options: FunctionCacheOptions) {
    this.#options = options;
  }

  /** Versions that are ready. */
  get count(): number {
    return this.#entries.size;
  }

  /** Memory they hold, roughly. */
  get loadedBytes(): number {
    return this.#loadedBytes;
  }

  /** All of them. */
  ready(): Iterable<CachedFunction> {
    return this.#entries.values();
  }

  /** A ready version, held until `release`; undefined when it must be loaded first. */
  take(functionId: string): CachedFunction | undefined {
    const entry = this.#entries.get(functionId);
    if (!entry) return undefined;
    this.#touch(functionId, entry);
    entry.uses++;
    return entry;
  }

  /**
   * The same, fetching and loading when needed. traceparent: of the call that asks first, for storage's part of its trace.
   * Rejects with not_found, unavailable or what the runtime says.
   */
  async load(functionId: string, traceparent = ''): Promise<CachedFunction> {
    let loading = this.#loading.get(functionId);
    if (!loading) {
      loading = this.#fetchAndLoad(functionId, traceparent).finally(() => this.#loading.delete(functionId));
      this.#loading.set(functionId, loading);
    }
    const entry = await loading;
    entry.uses++;
    return entry;
  }

  release(functionId: string): void {
    const entry = this.#entries.get(functionId);
    if (!entry) return;
    entry.uses--;
    this.#evict();
  }

  /** Ends what is warm for a version between calls; the version stays loaded. Does nothing for one that is not. */
  endIdle(functionId: string): void {
    this.#entries.get(functionId)?.loaded.endIdle?.();
  }

  /** Keeps so many instances of a version warm, which is fetched and loaded when it must be. Rejects like load. */
  async keepWarm(functionId: string, instances: number): Promise<void> {
    const { loaded } = this.take(functionId) ?? (await this.load(functionId));
    try {
      await loaded.keepWarm?.(instances);
    } finally {
      this.release(functionId);
    }
  }

  /** Gives up what is being fetched, and ends what is loaded or about to be. */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.allSettled([...this.#loading.values()]);
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.allSettled(entries.map((entry) => entry.loaded.close()));
  }

  async #fetchAndLoad(functionId: string, traceparent: string): Promise<Entry> {
    const { artifacts, clock, runtimeOf } = this.#options;
    const { version, artifact } = await artifacts.getVersion(
      { id: functionId },
      {
        budgetMs: fetchMs,
        traceparent,
        signal: this.#closed.signal,
      },
    );
    const runtime = version && runtimeOf(version.lang);
    if (!version || !runtime) {
      throw new RelaisError('internal', `This worker was given ${functionId}, whose language it does not run.`, {
        component: 'worker',
        reason: 'language_not_offered',
      });
    }
    const fetchedAtMs = clock.nowMs();
    const loaded = await runtime.load(version, artifact);
    const entry: Entry = { version, loaded, fetchedAtMs, loadedAtMs: clock.nowMs(), uses: 0 };
    this.#entries.set(functionId, entry);
    this.#loadedBytes += loaded.memoryBytes;
    return entry;
  }

  #touch(functionId: string, entry: Entry): void {
    this.#entries.delete(functionId);
    this.#entries.set(functionId, entry);
  }

  #evict(): void {
    const { functionsMax, loadedBytesMax } = this.#options;
    if (this.#entries.size <= functionsMax && this.#loadedBytes <= loadedBytesMax) return;
    for (const [functionId, entry] of this.#entries) {
      if (this.#entries.size <= functionsMax && this.#loadedBytes <= loadedBytesMax) return;
      if (entry.uses > 0) continue;
      this.#entries.delete(functionId);
      this.#loadedBytes -= entry.loaded.memoryBytes;
      void entry.loaded.close();
    }
  }
}
