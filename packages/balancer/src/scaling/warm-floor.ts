import type { FunctionState } from '../functions/function-state.js';
import { placeOf } from '../workers/place.js';
import type { WorkerSession } from '../workers/worker-session.js';

/** A function that nobody has called for so long need not be warm; nobody may know that it was deleted. */
const forgottenMs = 24 * 3_600_000;
/** How often workers are told again: instances end with their calls, and workers come and go. */
const repeatMs = 5000;

interface Told {
  readonly workers: Set<WorkerSession>;
  nextMs: number;
}

/**
 * The instances that functions keep whatever their calls: `scale.min` of the version of a name that was called last, on
 * the workers that the function's calls go to first.
 */
export class WarmFloor {
  /** Those that have a minimum, by name. */
  readonly #latest = new Map<string, FunctionState>();
  readonly #told = new Map<FunctionState, Told>();

  /** A call of it has arrived. */
  called(fn: FunctionState): void {
    if (fn.scale?.min) this.#latest.set(fn.name, fn);
    else if (this.#latest.size > 0) this.#latest.delete(fn.name);
  }

  /** Instances it keeps now; idleForMs: how long it has had no call. */
  of(fn: FunctionState, idleForMs: number): number {
    return this.#latest.get(fn.name) === fn && idleForMs < forgottenMs ? (fn.scale?.min ?? 0) : 0;
  }

  /** Has so many warm. */
  hold(fn: FunctionState, instances: number, nowMs: number): void {
    const told = this.#told.get(fn);
    if (told ? nowMs < told.nextMs && instances > 0 : instances === 0) return;
    const shares = sharesOf(fn, instances);
    for (const worker of told?.workers ?? []) if (!shares.has(worker)) worker.keepWarm(fn.key, 0);
    for (const [worker, share] of shares) worker.keepWarm(fn.key, share);
    if (instances === 0) this.#told.delete(fn);
    else this.#told.set(fn, { workers: new Set(shares.keys()), nextMs: nowMs + repeatMs });
  }

  /** It is no longer scaled. */
  forget(fn: FunctionState): void {
    this.#told.delete(fn);
    if (this.#latest.get(fn.name) === fn) this.#latest.delete(fn.name);
  }
}

/** From its home on the ring on, to each worker as many as it has slots. */
function sharesOf(fn: FunctionState, instances: number): Map<WorkerSession, number> {
  const shares = new Map<WorkerSession, number>();
  const distance = ({ id }: WorkerSession) => (placeOf(id) - fn.place + 1) % 1;
  const workers = fn.pool.workers.filter(({ inline }) => !inline).sort((a, b) => distance(a) - distance(b));
  let left = instances;
  for (const worker of workers) {
    if (left <= 0) break;
    const share = Math.min(left, worker.slots);
    shares.set(worker, share);
    left -= share;
  }
  return shares;
}
