import { PoolRoom } from './pool-room.js';
import type { WorkerSession } from './worker-session.js';

/** The workers that can do one kind of work in one language, in attach order. */
export class Pool {
  readonly kind: 'run' | 'build';
  readonly lang: string;
  readonly workers: WorkerSession[] = [];
  readonly room: PoolRoom<WorkerSession>;
  /** Since when it has no worker, monotonic milliseconds; of no meaning while it has one. */
  emptySinceMs: number;
  /** Whether it ever had one. */
  hadWorkers = false;
  /** Functions that use it. */
  functionCount = 0;

  constructor(kind: 'run' | 'build', lang: string, workAheadMs: number, nowMs: number) {
    this.kind = kind;
    this.lang = lang;
    this.room = new PoolRoom(workAheadMs);
    this.emptySinceMs = nowMs;
  }

  add(worker: WorkerSession): void {
    this.workers.push(worker);
    this.room.add(worker);
    this.hadWorkers = true;
  }

  /** Does nothing for one that is not in it. */
  remove(worker: WorkerSession, nowMs: number): void {
    const index = this.workers.indexOf(worker);
    if (index < 0) return;
    this.workers.splice(index, 1);
    this.room.remove(worker);
    if (this.workers.length === 0) this.emptySinceMs = nowMs;
  }
}

/** All pools by kind and language. */
export class Pools {
  readonly #byKey = new Map<string, Pool>();
  readonly #workAheadMs: number;

  /** workAheadMs: estimated work that may be outstanding on a worker that runs its calls one after the other. */
  constructor(workAheadMs: number) {
    this.#workAheadMs = workAheadMs;
  }

  of(kind: 'run' | 'build', lang: string, nowMs: number): Pool {
    const key = `${kind}:${lang}`;
    let pool = this.#byKey.get(key);
    if (!pool) {
      pool = new Pool(kind, lang, this.#workAheadMs, nowMs);
      this.#byKey.set(key, pool);
    }
    return pool;
  }

  /** Puts a worker into the pool of everything it can do. */
  add(worker: WorkerSession, nowMs: number): void {
    for (const { lang, runs, builds } of worker.languages) {
      if (runs) this.of('run', lang, nowMs).add(worker);
      if (builds) this.of('build', lang, nowMs).add(worker);
    }
  }

  /** Takes a worker out of every pool. */
  remove(worker: WorkerSession, nowMs: number): void {
    for (const pool of this.#byKey.values()) {
      pool.remove(worker, nowMs);
      this.prune(pool);
    }
  }

  /** Forgets a pool that has neither workers nor functions. */
  prune(pool: Pool): void {
    if (pool.workers.length === 0 && pool.functionCount === 0) this.#byKey.delete(`${pool.kind}:${pool.lang}`);
  }
}
