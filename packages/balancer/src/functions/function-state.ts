import { JobList } from '../jobs/job-list.js';
import { placeOf } from '../workers/place.js';
import type { Pool } from '../workers/pool.js';
import type { WorkerSession } from '../workers/worker-session.js';
import { DrainRate } from './drain-rate.js';

/** Assumed of a function that has never run: all a worker may have ahead by default, for nothing should wait behind a loop. */
const unknownMs = 10;
/** Nothing is taken for free: also the cost of carrying the job. */
const leastMs = 0.05;
const newestShare = 0.2;

/** What the balancer knows of one function version, or of the builds of one language. */
export class FunctionState {
  readonly key: string;
  /** For people. */
  readonly name: string;
  readonly pool: Pool;
  /** Its home on the ring of workers, 0 to 1. */
  readonly place: number;
  /** Waiting jobs in order of arrival. */
  readonly queue = new JobList();
  readonly drainRate: DrainRate;
  /** Slots its jobs hold on all workers. */
  running = 0;
  /** 0: no own limit. */
  concurrencyMax = 0;
  /** Name of its own strategy; empty: the balancer's. */
  strategy = '';
  /** A worker that takes nothing else until this function's next job fits. */
  reserved: WorkerSession | undefined;
  /** Links of the ring of functions whose turn comes. */
  previousTurn: FunctionState | undefined;
  nextTurn: FunctionState | undefined;
  #estimateMs: number | undefined;

  constructor(key: string, name: string, pool: Pool, nowMs: number) {
    this.key = key;
    this.name = name;
    this.pool = pool;
    this.place = placeOf(key);
    this.drainRate = new DrainRate(nowMs);
  }

  get isBuild(): boolean {
    return this.pool.kind === 'build';
  }

  /** Expected run time of the next call, milliseconds: a moving average. 0 for builds: no call waits behind one. */
  get estimateMs(): number {
    return this.isBuild ? 0 : (this.#estimateMs ?? unknownMs);
  }

  get idle(): boolean {
    return this.running === 0 && this.queue.size === 0;
  }

  get atLimit(): boolean {
    return this.concurrencyMax > 0 && this.running >= this.concurrencyMax;
  }

  /** One call ran this long. */
  observe(runMs: number): void {
    const before = this.#estimateMs ?? runMs;
    this.#estimateMs = Math.max(leastMs, before + newestShare * (runMs - before));
  }

  /** Gives back the worker that was kept free. */
  clearReservation(): void {
    if (!this.reserved) return;
    this.reserved.reservedFor = undefined;
    this.reserved = undefined;
  }
}
