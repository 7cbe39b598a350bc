import type { Job } from '@relais/contracts';
import type { Pools } from '../workers/pool.js';
import { FunctionState } from './function-state.js';
import type { WaitLimitBounds } from './wait-limit.js';

const walkMax = 64;

export interface FunctionTableBounds extends WaitLimitBounds {
  readonly functionsMax: number;
}

/** Functions by key, at most functionsMax of them beside those that have jobs; the longest unused idle one goes first. */
export class FunctionTable {
  readonly #byKey = new Map<string, FunctionState>();
  readonly #pools: Pools;
  readonly #bounds: FunctionTableBounds;

  constructor(pools: Pools, bounds: FunctionTableBounds) {
    this.#pools = pools;
    this.#bounds = bounds;
  }

  /** The function of a job: its version, or its caller's builds in its language. Undefined for a job without work. */
  of(job: Job, nowMs: number): FunctionState | undefined {
    const { work } = job;
    if (work?.$case === 'invoke') {
      const { functionId, functionName, concurrencyMax, strategy, scale } = work.value;
      const fn = this.#byKey.get(functionId) ?? this.#add(functionId, functionName, 'run', job.lang, nowMs);
      fn.concurrencyMax = concurrencyMax;
      fn.strategy = strategy;
      fn.scale = scale;
      return fn;
    }
    if (work?.$case === 'build') {
      const { caller = '' } = work.value;
      // No function id has a colon.
      const key = `build:${job.lang}:${caller}`;
      return this.#byKey.get(key) ?? this.#add(key, `the build of ${job.lang}`, 'build', job.lang, nowMs, caller);
    }
    return undefined;
  }

  values(): Iterable<FunctionState> {
    return this.#byKey.values();
  }

  #add(key: string, name: string, kind: 'run' | 'build', lang: string, nowMs: number, caller = ''): FunctionState {
    if (this.#byKey.size >= this.#bounds.functionsMax) this.#forgetOne();
    const fn = new FunctionState(key, name, this.#pools.of(kind, lang, nowMs), this.#bounds, nowMs, caller);
    fn.pool.functionCount++;
    this.#byKey.set(key, fn);
    return fn;
  }

  /** Busy ones met on the way move to the end, so that the walk is short the next time. */
  #forgetOne(): void {
    let walked = 0;
    for (const [key, fn] of this.#byKey) {
      if (walked++ === walkMax) return;
      this.#byKey.delete(key);
      if (fn.idle && !fn.scale?.min) {
        fn.pool.functionCount--;
        this.#pools.prune(fn.pool);
        return;
      }
      this.#byKey.set(key, fn);
    }
  }
}
