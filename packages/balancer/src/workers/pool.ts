import type { WorkerSession } from './worker-session.js';

/** The workers that can do one kind of work in one language, in attach order. */
export class Pool {
  readonly kind: 'run' | 'build';
  readonly lang: string;
  readonly workers: WorkerSession[] = [];
  /** Since when it has no worker, monotonic milliseconds; of no meaning while it has one. */
  emptySinceMs: number;
  /** Whether it ever had one. */
  hadWorkers = false;
  /** Functions that use it. */
  functionCount = 0;
  /** At this change of the fleet's load no worker had room for a job of this estimate. */
  fullAtChange = -1;
  fullForMs = 0;

  constructor(kind: 'run' | 'build', lang: string, nowMs: number) {
    this.kind = kind;
    this.lang = lang;
    this.emptySinceMs = nowMs;
  }

  add(worker: WorkerSession): void {
    this.workers.push(worker);
    this.hadWorkers = true;
  }
}

/** All pools by kind and language. */
export class Pools {
  readonly #byKey = new Map<string, Pool>();

  of(kind: 'run' | 'build', lang: string, nowMs: number): Pool {
    const key = `${kind}:${lang}`;
    let pool = this.#byKey.get(key);
    if (!pool) {
      pool = new Pool(kind, lang, nowMs);
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
      const index = pool.workers.indexOf(worker);
      if (index < 0) continue;
      pool.workers.splice(index, 1);
      if (pool.workers.length === 0) pool.emptySinceMs = nowMs;
      this.prune(pool);
    }
  }

  /** Forgets a pool that has neither workers nor functions. */
  prune(pool: Pool): void {
    if (pool.workers.length === 0 && pool.functionCount === 0) this.#byKey.delete(`${pool.kind}:${pool.lang}`);
  }
}
