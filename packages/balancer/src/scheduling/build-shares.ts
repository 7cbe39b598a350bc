import { buildSlotsOf } from '../workers/fits.js';
import type { Pool } from '../workers/pool.js';
import type { WorkerSession } from '../workers/worker-session.js';

/**
 * Shares out the slots that builds may hold: a caller gets another only while more are free than it has. So a flood takes
 * half of them and the next one half of the rest, and who has none finds one.
 */
export class BuildShares {
  readonly #workAheadMs: number;
  /** Slots held by caller, of callers that hold any. */
  readonly #held = new Map<string, number>();

  constructor(workAheadMs: number) {
    this.#workAheadMs = workAheadMs;
  }

  heldBy(caller: string): number {
    return this.#held.get(caller) ?? 0;
  }

  begun(caller: string): void {
    this.#held.set(caller, this.heldBy(caller) + 1);
  }

  ended(caller: string): void {
    const left = this.heldBy(caller) - 1;
    if (left > 0) this.#held.set(caller, left);
    else this.#held.delete(caller);
  }

  /** Where a caller's next build goes beside those it has: the worker with most slots free. Undefined: it has its share. */
  pickBeside(held: number, { workers }: Pool, nowMs: number): WorkerSession | undefined {
    const free = workers.map((worker) => (worker.kept ? 0 : buildSlotsOf(worker, nowMs, this.#workAheadMs)));
    if (free.reduce((sum, slots) => sum + slots, 0) <= held) return undefined;
    return workers[free.indexOf(Math.max(...free))];
  }
}
