import type { Clock, Counter, RelaisError, Tracer } from '@relais/kit';
import type { BalancerFigures } from '../balancer-figures.js';
import type { BalancerBounds } from '../bounds.js';
import { DrainRate } from '../functions/drain-rate.js';
import type { FunctionState } from '../functions/function-state.js';
import { Turns } from '../functions/turns.js';
import type { JobEntry } from '../jobs/job-entry.js';
import { type Abandoned, type Dispatched, queued, transition } from '../jobs/job-state.js';
import type { Pickers } from '../strategies/catalog.js';
import { anyKnownLength, freeInMsOf, roomMsOf, unknownLength } from '../workers/fits.js';
import type { WorkerSession } from '../workers/worker-session.js';
import { BuildShares } from './build-shares.js';
import type { Probation } from './probation.js';
import type { WireIds } from './wire-ids.js';

/** Handed on to the worker less this, so that its answer is back in time. */
const hopMs = 5;
/** Functions looked at in vain before the next event: with thousands that wait, each result would cost milliseconds. */
export const missesPerPump = 512;

export interface DispatcherOptions {
  readonly clock: Clock;
  readonly tracer: Tracer;
  readonly bounds: BalancerBounds;
  readonly wireIds: WireIds;
  readonly pickers: Pickers;
  readonly figures: BalancerFigures;
  readonly probation: Probation;
  /** A waiting job was found to be out of time, or to have too little left. */
  readonly expired: (entry: JobEntry, nowMs: number) => void;
}

/**
 * Brings waiting jobs to workers: late, when a worker has room, never into a worker's own queue. Functions take turns, and
 * so do the callers of builds; within one, jobs go in order of arrival.
 */
export class Dispatcher {
  readonly turns = new Turns();
  readonly drainRate: DrainRate;
  readonly #options: DispatcherOptions;
  readonly #buildShares: BuildShares;
  #queuedCount = 0;
  /** By strategy. */
  readonly #dispatched = new Map<string, Counter>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.drainRate = new DrainRate(options.clock.nowMs());
    this.#buildShares = new BuildShares(options.bounds.workAheadMs);
  }

  /** Name of the strategy in force for functions that chose none. */
  get strategy(): string {
    return this.#options.pickers.common.name;
  }

  get queuedCount(): number {
    return this.#queuedCount;
  }

  /** A new job: goes out at once if its function has nothing waiting and a worker has room. */
  enqueue(entry: JobEntry, nowMs: number): void {
    const { fn } = entry;
    fn.queue.pushBack(entry);
    this.#queuedCount++;
    if (fn.queue.size > 1) return;
    fn.busy.begin(nowMs);
    this.turns.add(fn);
    this.#dispatchNext(fn, nowMs);
  }

  /** A job that goes to another worker: first in line again. Its slot has been released; the caller pumps. */
  requeue(entry: JobEntry, nowMs: number): void {
    const { fn, state } = entry;
    transition(entry, queued);
    // What waited for its next attempt has waited on.
    if (state.kind === 'dispatched') entry.queuedSinceMs = nowMs;
    if (fn.queue.size === 0) fn.busy.begin(nowMs);
    fn.queue.pushFront(entry);
    this.#queuedCount++;
    this.turns.add(fn);
  }

  /** A function may run more of its calls at once than before. */
  roomier(fn: FunctionState, nowMs: number): void {
    if (fn.queue.size === 0) return;
    this.turns.add(fn);
    this.pump(nowMs);
  }

  /** Takes a job that is about to be answered out of its queue. */
  drop(entry: JobEntry, nowMs: number, failure: RelaisError): void {
    this.#traceQueue(entry, nowMs, failure);
    this.#unqueue(entry);
  }

  /** A slot is free again. */
  release(entry: JobEntry, held: Dispatched | Abandoned, nowMs: number): void {
    const { fn } = entry;
    this.#options.probation.left(entry);
    this.onTrial(nowMs);
    held.worker.release(entry, held.estimateMs);
    this.#options.wireIds.free(held.wireId);
    fn.running--;
    if (fn.isBuild) this.#buildShares.ended(fn.caller);
    if (fn.queue.size > 0) this.turns.add(fn);
  }

  /** What is on probation may have its turn. The caller pumps. */
  onTrial(nowMs: number): void {
    const fn = this.#options.probation.next(nowMs);
    if (fn) this.turns.add(fn);
  }

  /**
   * Dispatches in turn until no waiting job fits anywhere, or so many functions in a row had none that does. Call it after
   * anything that may have made room.
   */
  pump(nowMs: number, missesMax = missesPerPump): void {
    let misses = 0;
    let firstMissed: FunctionState | undefined;
    while (misses < this.turns.size && misses < missesMax) {
      const fn = this.turns.take();
      if (!fn) return;
      if (this.#dispatchNext(fn, nowMs)) {
        misses = 0;
        firstMissed = undefined;
      } else if (this.turns.has(fn)) {
        misses++;
        firstMissed ??= fn;
      }
    }
    if (firstMissed && this.turns.has(firstMissed)) this.turns.giveBack(firstMissed);
  }

  /**
   * Where shorter jobs have kept a longer one waiting on workers that run calls one after the other, keeps the worker that
   * will be free first for it. One that turns out to be stuck is given back, and another kept.
   */
  reserve(nowMs: number): void {
    for (const fn of this.turns.all()) {
      const { head } = fn.queue;
      if (fn.reserved && freeInMsOf(fn.reserved, nowMs) === Number.POSITIVE_INFINITY) fn.clearReservation();
      if (!head || head.apart || fn.reserved || nowMs - head.queuedSinceMs < this.#options.bounds.reserveAfterMs)
        continue;
      const worker = fn.pool.room.soonestFree(nowMs);
      if (!worker) continue;
      worker.reservedFor = fn;
      fn.reserved = worker;
    }
  }

  /** Sends the function's first waiting job if it may run and a worker has room. False: nothing was sent. */
  #dispatchNext(fn: FunctionState, nowMs: number): boolean {
    const entry = this.#nextInTime(fn, nowMs);
    if (!entry || fn.atLimit(nowMs) || !this.#options.probation.admits(fn)) {
      this.turns.remove(fn);
      fn.clearReservation();
      return false;
    }
    const worker = this.#choose(entry, nowMs);
    if (!worker?.hasBytesFor(entry.payloadBytes)) return false;
    this.#send(entry, worker, nowMs);
    return true;
  }

  #nextInTime(fn: FunctionState, nowMs: number): JobEntry | undefined {
    for (let head = fn.queue.head; head; head = fn.queue.head) {
      if (head.deadlineMs > nowMs && !head.isTooLate(nowMs)) return head;
      this.#options.expired(head, nowMs);
    }
    return undefined;
  }

  #choose(entry: JobEntry, nowMs: number): WorkerSession | undefined {
    const { estimateMs, fn } = entry;
    const { pool, reserved } = fn;
    const heldBuilds = fn.isBuild ? this.#buildShares.heldBy(fn.caller) : 0;
    if (heldBuilds > 0) return this.#buildShares.pickBeside(heldBuilds, pool, nowMs);
    entry.apart = !entry.flow && pool.hasLanes && fn.mayBeLong(nowMs);
    if (entry.apart) {
      // It waits for a lane now: a loop that is kept for it would be so for nothing.
      fn.clearReservation();
      return this.#options.pickers.of(fn.strategy).pick(pool.apartRoom.forJob(0, nowMs), fn)?.worker;
    }
    const { bounds, pickers } = this.#options;
    if (reserved && roomMsOf(reserved, nowMs, bounds.workAheadMs) >= estimateMs) return reserved;
    const sideBySide = pool.workers[0]?.inline === false;
    const lengthMs = sideBySide ? lengthBesideOthers(entry, pool.room.lanes, bounds.workAheadMs) : estimateMs;
    return pickers.of(fn.strategy).pick(pool.room.forJob(lengthMs, nowMs), fn);
  }

  #send(entry: JobEntry, worker: WorkerSession, nowMs: number): void {
    const { fn, job } = entry;
    const { figures, pickers, tracer, wireIds } = this.#options;
    this.#traceQueue(entry, nowMs, undefined);
    const waitedMs = nowMs - entry.queuedSinceMs;
    entry.queuedBeforeMs += waitedMs;
    figures.queueWait.observe(waitedMs / 1000);
    this.#dispatchedBy(pickers.of(fn.strategy).name).add();
    fn.busy.left();
    this.#unqueue(entry);
    fn.waitLimit.observe(Math.min(waitedMs, nowMs - fn.pool.staffedSinceMs), fn.queue.size, nowMs);
    fn.clearReservation();
    const span = tracer.start('balancer dispatch', { kind: 'client', parent: job.traceparent, startMs: nowMs });
    const wireId = wireIds.take(entry);
    if (span.recording) {
      span.set({ 'relais.worker_id': worker.id, 'relais.job_id': wireId, 'relais.attempt': entry.attempt });
    }
    const { estimateMs } = entry;
    transition(entry, { kind: 'dispatched', worker, wireId, atMs: nowMs, estimateMs, span });
    entry.handedOut++;
    entry.lastWorkerId = worker.id;
    fn.running++;
    if (fn.isBuild) this.#buildShares.begun(fn.caller);
    this.#options.probation.begun(entry, nowMs);
    fn.drainRate.record(nowMs);
    this.drainRate.record(nowMs);
    const message = {
      id: wireId,
      invocationId: job.invocationId,
      lang: job.lang,
      budgetMs: Math.max(1, Math.floor(entry.deadlineMs - nowMs - hopMs)),
      traceparent: span.traceparent,
      attempt: entry.attempt,
      work: job.work,
      apart: entry.apart || undefined,
      tracestate: job.tracestate,
    };
    worker.hold(entry, message, estimateMs, nowMs);
    entry.flow?.listen((bytes) => worker.grant(wireId, bytes));
  }

  #dispatchedBy(strategy: string): Counter {
    let counter = this.#dispatched.get(strategy);
    if (!counter) {
      counter = this.#options.figures.dispatched.of(strategy);
      this.#dispatched.set(strategy, counter);
    }
    return counter;
  }

  #unqueue(entry: JobEntry): void {
    const { fn } = entry;
    fn.queue.remove(entry);
    this.#queuedCount--;
    if (fn.queue.size > 0) return;
    fn.busy.end();
    this.turns.remove(fn);
    fn.clearReservation();
  }

  #traceQueue(entry: JobEntry, nowMs: number, failure: RelaisError | undefined): void {
    const { job, fn } = entry;
    const startMs = entry.queuedSinceMs;
    const span = this.#options.tracer.start('balancer queue', { kind: 'internal', parent: job.traceparent, startMs });
    if (span.recording) {
      const runningMax = fn.runLimit.allowed(nowMs);
      const limit = Number.isFinite(runningMax) ? { 'relais.running_max': runningMax } : {};
      span.set({ 'relais.function': fn.name, 'relais.queue_length': fn.queue.size, ...limit });
    }
    span.end(failure, nowMs);
  }
}

/**
 * How long a call is for what room there is where calls run side by side. Of a function that runs as many as half of these
 * workers can have, and is not short, it gets none of the last slots: what computes in all of them keeps the rest waiting,
 * though each gets a turn.
 */
function lengthBesideOthers({ estimateMs, fn, lengthUnknown }: JobEntry, lanes: number, shortMs: number): number {
  if (lengthUnknown) return unknownLength;
  return fn.running * 2 < lanes || estimateMs <= shortMs ? estimateMs : anyKnownLength;
}
