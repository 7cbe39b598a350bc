import type { ApartLane } from './apart-lane.js';
import { PoolRoom } from './pool-room.js';
import type { WorkerSession } from './worker-session.js';

/** Workers that have just come start what they need first: how fast jobs left meanwhile says little of what comes. */
const settleMs = 5000;

/** The workers that can do one kind of work in one language, in attach order. */
export class Pool {
  readonly kind: 'run' | 'build';
  readonly lang: string;
  readonly workers: WorkerSession[] = [];
  readonly room: PoolRoom<WorkerSession>;
  /** Where calls run beside a worker's own loop. */
  readonly apartRoom: PoolRoom<ApartLane<WorkerSession>>;
  #lanes = 0;
  /** Since when it has no worker, monotonic milliseconds; of no meaning while it has one. */
  emptySinceMs: number;
  /** Whether it ever had one. */
  hadWorkers = false;
  /** Since when it has one without a break: waiting before that was for no lack of room. Of no meaning while it has none. */
  staffedSinceMs: number;
  /** Functions that use it. */
  functionCount = 0;

  constructor(kind: 'run' | 'build', lang: string, workAheadMs: number, nowMs: number) {
    this.kind = kind;
    this.lang = lang;
    this.room = new PoolRoom(workAheadMs);
    this.apartRoom = new PoolRoom(workAheadMs);
    this.emptySinceMs = nowMs;
    this.staffedSinceMs = nowMs;
  }

  /** At its place in attach order: one that was ejected comes back to where it was. */
  add(worker: WorkerSession, nowMs: number): void {
    if (this.workers.length === 0) this.staffedSinceMs = nowMs;
    const at = this.workers.findLastIndex(({ attachOrder }) => attachOrder < worker.attachOrder);
    this.workers.splice(at + 1, 0, worker);
    this.room.add(worker);
    this.#addLane(worker);
    this.hadWorkers = true;
  }

  /** Whether it has no worker, or had none a moment ago. */
  isSettling(nowMs: number): boolean {
    return this.workers.length === 0 || nowMs - this.staffedSinceMs < settleMs;
  }

  /** Whether its calls run in processes, side by side, and not in a worker's own loop. */
  get runsInProcesses(): boolean {
    return this.kind === 'run' && this.workers.some(({ inline }) => !inline);
  }

  /** Whether all its workers can run calls beside their loops. */
  get hasLanes(): boolean {
    return this.#lanes > 0 && this.#lanes === this.workers.length;
  }

  #addLane({ apart }: WorkerSession): void {
    if (this.kind !== 'run' || !apart) return;
    this.apartRoom.add(apart);
    this.#lanes++;
  }

  #removeLane({ apart }: WorkerSession): void {
    if (this.kind !== 'run' || !apart) return;
    this.apartRoom.remove(apart);
    this.#lanes--;
  }

  /** Does nothing for one that is not in it. */
  remove(worker: WorkerSession, nowMs: number): void {
    const index = this.workers.indexOf(worker);
    if (index < 0) return;
    this.workers.splice(index, 1);
    this.room.remove(worker);
    this.#removeLane(worker);
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
      if (runs) this.of('run', lang, nowMs).add(worker, nowMs);
      if (builds) this.of('build', lang, nowMs).add(worker, nowMs);
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
