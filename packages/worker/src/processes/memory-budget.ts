import type { Clock } from '@relais/kit';

/** Warm instances of one runtime, which can be ended between calls. */
export interface IdleInstances {
  /** Monotonic milliseconds since when the one idle for longest is; undefined when none is. */
  readonly oldestIdleMs: number | undefined;
  /** Ends that one; resolves when it is gone. */
  evictOldest(): Promise<unknown>;
  /** What its processes hold, busy ones and spares too. */
  memoryBytes(): Promise<number>;
}

export interface MemoryBudgetOptions {
  /** What instances and spares may hold together; beyond it idle ones are ended, the one idle for longest first. */
  readonly bytesMax: number;
  readonly clock: Clock;
}

const lookEveryMs = 1000;
/** What served a call this lately is in use: others that want much memory do not make the next call of it a cold start. */
const inUseMs = 500;
/**
 * Measuring rests for so many times as long as it took. Without control groups the kernel walks through all pages of every process
 * for it: memory bombs and fork bombs would keep a processor busy with that, and functions that behave waiting.
 */
const restsPerMeasure = 19;

/**
 * Holds the instances of a worker to a budget of memory, whatever their language: looks once a second while any instance
 * is idle. What is running a call is never ended for it.
 */
export class MemoryBudget {
  readonly #options: MemoryBudgetOptions;
  readonly #pools = new Set<IdleInstances>();
  #stopTicking: (() => void) | undefined;
  #looking = false;
  #restsUntilMs = 0;

  constructor(options: MemoryBudgetOptions) {
    this.#options = options;
  }

  /** Holds these instances to the budget from now on. */
  join(pool: IdleInstances): void {
    this.#pools.add(pool);
    this.#stopTicking ??= this.#options.clock.every(lookEveryMs, () => void this.#look());
  }

  leave(pool: IdleInstances): void {
    this.#pools.delete(pool);
    if (this.#pools.size > 0) return;
    this.#stopTicking?.();
    this.#stopTicking = undefined;
  }

  async #look(): Promise<void> {
    if (this.#looking || !this.#oldest()) return;
    this.#looking = true;
    try {
      while ((await this.#measure()) > this.#options.bytesMax) {
        const oldest = this.#oldest();
        if (!oldest || this.#inUse(oldest)) return;
        await oldest.evictOldest();
      }
    } finally {
      this.#looking = false;
    }
  }

  #inUse({ oldestIdleMs = 0 }: IdleInstances): boolean {
    return this.#options.clock.nowMs() - oldestIdleMs < inUseMs;
  }

  async #measure(): Promise<number> {
    const { clock } = this.#options;
    const restMs = this.#restsUntilMs - clock.nowMs();
    if (restMs > 0) await new Promise<void>((resolve) => clock.after(restMs, resolve));
    const startMs = clock.nowMs();
    let bytes = 0;
    for (const pool of this.#pools) bytes += await pool.memoryBytes();
    const endMs = clock.nowMs();
    this.#restsUntilMs = endMs + (endMs - startMs) * restsPerMeasure;
    return bytes;
  }

  #oldest(): IdleInstances | undefined {
    let oldest: IdleInstances | undefined;
    for (const pool of this.#pools) {
      if (pool.oldestIdleMs === undefined) continue;
      if (pool.oldestIdleMs < (oldest?.oldestIdleMs ?? Number.POSITIVE_INFINITY)) oldest = pool;
    }
    return oldest;
  }
}
