import type { Scale } from '@relais/contracts';
import { JobList } from '../jobs/job-list.js';
import type { FunctionScale } from '../scaling/function-scaler.js';
import { placeOf } from '../workers/place.js';
import type { Pool } from '../workers/pool.js';
import type { WorkerSession } from '../workers/worker-session.js';
import { Appointments } from './appointments.js';
import { BusyTime } from './busy-time.js';
import { DrainRate } from './drain-rate.js';
import { RunLimit } from './run-limit.js';
import { TripTime } from './trip-time.js';
import { WaitLimit, type WaitLimitBounds } from './wait-limit.js';

/** Assumed of a function that has never run: all a worker may have ahead by default, for nothing should wait behind a loop. */
const unknownMs = 10;
/** Nothing is taken for free: also the cost of carrying the job. */
const leastMs = 0.05;
const newestShare = 0.2;
/** A call that is longer may not run in the loop of a worker that others share, nor one of which nothing is known. */
const loopMsMax = 10;
/** A function that has taken a worker with it is not let into such a loop again for so long. */
const distrustMs = 600_000;
/** So many calls in a row may have to be ended before the function is trusted less; fewer while none ever ended by itself. */
const badEndsMax = { known: 3, unknown: 1 };
/** After this long without a break in the waiting, the drain rate of the last two seconds is all of that time. */
const busyWindowMs = 2000;

/** What the balancer knows of one function version, or of one caller's builds in one language. */
export class FunctionState {
  readonly key: string;
  /** The same in figures, where all builds of a language are one: whose they are is not for everyone. */
  readonly publicKey: string;
  /** Whose builds they are, as BuildWork has it; empty of a function. */
  readonly caller: string;
  /** For people. */
  readonly name: string;
  readonly pool: Pool;
  /** Its home on the ring of workers, 0 to 1; that of builds is where the compiler of their language is warm. */
  readonly place: number;
  /** Waiting jobs in order of arrival. */
  readonly queue = new JobList();
  readonly drainRate: DrainRate;
  readonly busy = new BusyTime();
  readonly trip = new TripTime();
  readonly runLimit = new RunLimit();
  readonly waitLimit: WaitLimit;
  readonly #appointments = new Appointments();
  /** Slots its jobs hold on all workers. */
  running = 0;
  /** 0: no own limit. */
  concurrencyMax = 0;
  /** Name of its own strategy; empty: the balancer's. */
  strategy = '';
  /** What its owner says of its scale. */
  scale: Scale | undefined;
  scaled: FunctionScale | undefined;
  /** Instances it may have over all workers, each with one call. */
  instancesMax = Number.POSITIVE_INFINITY;
  /** A worker that takes nothing else until this function's next job fits. */
  reserved: WorkerSession | undefined;
  /** Links of the ring of functions whose turn comes. */
  previousTurn: FunctionState | undefined;
  nextTurn: FunctionState | undefined;
  /** Calls in a row that had to be ended. */
  badEnds = 0;
  #everEndedWell = false;
  #estimateMs: number | undefined;
  /** Monotonic milliseconds. */
  #distrustedUntilMs = 0;

  constructor(key: string, name: string, pool: Pool, bounds: WaitLimitBounds, nowMs: number, caller = '') {
    this.key = key;
    this.publicKey = pool.kind === 'build' ? `build:${pool.lang}` : key;
    this.caller = caller;
    this.name = name;
    this.pool = pool;
    this.place = placeOf(this.publicKey);
    this.drainRate = new DrainRate(nowMs);
    this.waitLimit = new WaitLimit(bounds, nowMs);
  }

  get isBuild(): boolean {
    return this.pool.kind === 'build';
  }

  /** Expected run time of the next call, milliseconds: a moving average. 0 for builds: no call waits behind one. */
  get estimateMs(): number {
    return this.isBuild ? 0 : (this.#estimateMs ?? unknownMs);
  }

  /** Whether its run time is known. */
  get hasRun(): boolean {
    return this.#estimateMs !== undefined;
  }

  /** Whether a call of it may keep others waiting in a loop that they share. */
  mayBeLong(nowMs: number): boolean {
    return this.#estimateMs === undefined || this.#estimateMs > loopMsMax || nowMs < this.#distrustedUntilMs;
  }

  /** A worker had to be killed for a call of it, or was lost while it ran. */
  tookWorker(nowMs: number): void {
    this.#distrustedUntilMs = nowMs + distrustMs;
  }

  /** A call has ended: by itself, or because it had to. */
  ended(badly: boolean): void {
    this.badEnds = badly ? this.badEnds + 1 : 0;
    this.#everEndedWell ||= !badly;
  }

  /** Its last calls all had to be ended: it runs in turn with others like it. */
  get onProbation(): boolean {
    return this.badEnds >= (this.#everEndedWell ? badEndsMax.known : badEndsMax.unknown);
  }

  get idle(): boolean {
    return this.running === 0 && this.queue.size === 0;
  }

  atLimit(nowMs: number): boolean {
    const { concurrencyMax, instancesMax, running } = this;
    if (concurrencyMax > 0 && running >= concurrencyMax) return true;
    return running >= instancesMax || running >= this.runLimit.allowed(nowMs);
  }

  /**
   * How long one more job would wait behind those that do, milliseconds; undefined when nothing tells. By how fast they
   * leave of late or by how many run for how long, whichever is the more hopeful: nobody is refused on a wrong guess.
   */
  expectedWaitMs(nowMs: number): number | undefined {
    if (this.queue.size === 0) return 0;
    if (this.pool.isSettling(nowMs)) return undefined;
    const lately = this.busy.lastedMs(nowMs) >= busyWindowMs ? this.drainRate : this.busy;
    const byRunTime = this.#estimateMs === undefined || this.isBuild ? 0 : this.running / this.#estimateMs;
    const ratePerMs = Math.max(lately.ratePerMs(nowMs) ?? 0, byRunTime);
    return ratePerMs > 0 ? this.queue.size / ratePerMs : undefined;
  }

  /** When one that is refused now should ask again, milliseconds from now, if a place comes free in so many. */
  askAgainInMs(freeInMs: number, nowMs: number): number {
    return this.#appointments.next(freeInMs, this.drainRate.ratePerMs(nowMs), nowMs);
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
