import type { Job, JobResult, OutputPart } from '@relais/contracts';
import type { CancelSignal, Clock, Flow, Logger, RelaisError, SpanCarrier, Tracer } from '@relais/kit';
import type { BalancerFigures } from '../balancer-figures.js';
import type { BalancerBounds } from '../bounds.js';
import type { FunctionState } from '../functions/function-state.js';
import { FunctionTable } from '../functions/function-table.js';
import { payloadBytesOf, refusalOf } from '../jobs/admission.js';
import { AnswerDesk, refusal } from '../jobs/answer-desk.js';
import { DeadlineWheel } from '../jobs/deadline-wheel.js';
import { cancelled, emptyJob, notServing, noWorker } from '../jobs/failures.js';
import { JobEntry } from '../jobs/job-entry.js';
import { done } from '../jobs/job-state.js';
import { FunctionScaler } from '../scaling/function-scaler.js';
import { ScaleLog } from '../scaling/scale-log.js';
import { WorkerScaler } from '../scaling/worker-scaler.js';
import type { Pickers } from '../strategies/catalog.js';
import { Ejections } from '../workers/ejections.js';
import { Fleet } from '../workers/fleet.js';
import { Pools } from '../workers/pool.js';
import { Startable } from '../workers/startable.js';
import { Supervisors } from '../workers/supervisors.js';
import { abandonedFrom, Deadlines } from './deadlines.js';
import { Departures } from './departures.js';
import { Dispatcher, missesPerPump } from './dispatcher.js';
import { Probation } from './probation.js';
import { Results } from './results.js';
import { Retries } from './retries.js';
import { WireIds } from './wire-ids.js';
import { WorkerWatch } from './worker-watch.js';

export interface SchedulerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly random: () => number;
  readonly bounds: BalancerBounds;
  readonly pickers: Pickers;
  readonly figures: BalancerFigures;
  readonly carrier?: SpanCarrier | undefined;
}

const fullPassEveryMs = 100;

/** Joins the parts through which a job passes, and drives them from one ticker. */
export class Scheduler {
  readonly pools: Pools;
  readonly fleet: Fleet;
  readonly wireIds: WireIds;
  readonly dispatcher: Dispatcher;
  readonly supervisors: Supervisors;
  readonly startable: Startable;
  readonly departures: Departures;
  readonly results: Results;
  readonly #clock: Clock;
  readonly #bounds: BalancerBounds;
  readonly #figures: BalancerFigures;
  readonly #functions: FunctionTable;
  readonly #desk: AnswerDesk;
  readonly #deadlines: Deadlines;
  readonly #watch: WorkerWatch;
  #nextFullPassMs = 0;
  readonly scaleLog: ScaleLog;
  readonly #workerScaler: WorkerScaler;
  readonly #functionScaler: FunctionScaler;
  readonly #retries: Retries;
  readonly #ejections: Ejections;
  readonly #onCancelled = (entry: JobEntry) => this.#cancel(entry);
  readonly #startedMs: number;
  #open = false;

  constructor(options: SchedulerOptions) {
    const { bounds, clock, figures, logger, random } = options;
    this.pools = new Pools(bounds.workAheadMs);
    const fleet = new Fleet(this.pools);
    this.fleet = fleet;
    const nowMs = clock.nowMs();
    this.#clock = clock;
    this.#bounds = bounds;
    this.#figures = figures;
    this.#startedMs = nowMs;
    this.#functions = new FunctionTable(this.pools, bounds);
    const wheel = new DeadlineWheel(nowMs);
    const desk = new AnswerDesk(wheel, options.carrier);
    this.#desk = desk;
    const wireIds = new WireIds(random);
    this.wireIds = wireIds;
    const probation = new Probation({ logger, workerCount: () => fleet.size });
    const dispatcher = new Dispatcher({
      ...options,
      probation,
      wireIds,
      expired: (entry, atMs) => this.#deadlines.expireQueued(entry, atMs),
    });
    this.dispatcher = dispatcher;
    const supervisors = new Supervisors({
      clock,
      logger,
      helloMs: bounds.helloMs,
      exited: (exit) => {
        this.#workerScaler.exited(exit.workerId);
        this.departures.report(exit, clock.nowMs());
      },
      started: (workerId, host, inline) => this.#workerScaler.started(workerId, host, inline, clock.nowMs()),
    });
    this.supervisors = supervisors;
    this.startable = new Startable(() => supervisors.kinds());
    const retries = new Retries({ bounds, random, wheel, dispatcher });
    this.#retries = retries;
    const departures = new Departures({ bounds, figures, logger, fleet, dispatcher, desk, supervisors, retries });
    this.departures = departures;
    this.#deadlines = new Deadlines({ bounds, figures, wheel, desk, dispatcher, departures, retries });
    this.scaleLog = new ScaleLog(
      () => clock.wallMs(),
      (kind, direction) => figures.scaled.of(kind, direction).add(),
    );
    this.#workerScaler = new WorkerScaler({ bounds, figures, logger, fleet, supervisors, log: this.scaleLog });
    this.#functionScaler = new FunctionScaler(this.scaleLog, {
      endIdle,
      inProcesses: ({ isBuild, pool }) =>
        pool.workers.length > 0 ? pool.runsInProcesses : !isBuild && this.startable.inProcesses(pool.lang),
      grew: (fn, atMs) => dispatcher.roomier(fn, atMs),
    });
    this.#watch = new WorkerWatch({ fleet, departures, supervisors }, bounds.heartbeatMs, nowMs);
    const changed = (atMs: number) => dispatcher.pump(atMs);
    this.#ejections = new Ejections({ bounds, logger, fleet, changed });
    this.results = new Results({
      desk,
      dispatcher,
      fleet,
      wireIds,
      departures,
      retries,
      ejections: this.#ejections,
      probation,
      carrier: options.carrier,
    });
    figures.watch({ dispatcher, fleet, functions: this.#functions }, () => clock.nowMs());
  }

  open(): void {
    this.#open = true;
  }

  exchange(job: Job, signal: CancelSignal | undefined, flow: Flow<OutputPart> | undefined): Promise<JobResult> {
    if (signal?.aborted) return Promise.reject(cancelled().with({ invocationId: job.invocationId }));
    const nowMs = this.#clock.nowMs();
    if (!this.#open) return this.#refuse(job, notServing());
    const fn = this.#functions.of(job, nowMs);
    if (!fn) return this.#refuse(job, emptyJob());
    const payloadBytes = payloadBytesOf(job);
    const budgetMs = Math.min(job.budgetMs, this.#bounds.budgetMsMax);
    const applicant = { fn, payloadBytes, budgetMs };
    const full = refusalOf(applicant, this.#desk, this.dispatcher.drainRate, this.#bounds, nowMs);
    if (full) return this.#refuse(job, full);
    const deadlineMs = nowMs + budgetMs;
    return new Promise((resolve, reject) => {
      const entry = new JobEntry({
        job,
        fn,
        nowMs,
        deadlineMs,
        payloadBytes,
        signal,
        flow,
        cancelled: this.#onCancelled,
        resolve,
        reject,
      });
      this.#desk.admit(entry);
      this.#retries.admitted();
      this.#functionScaler.arrived(fn, nowMs);
      this.dispatcher.enqueue(entry, nowMs);
    });
  }

  #refuse(job: Job, failure: RelaisError): Promise<JobResult> {
    this.#figures.refused.of(failure.fields.reason ?? failure.code).add();
    return Promise.resolve(refusal(job, failure));
  }

  tick(): void {
    const nowMs = this.#clock.nowMs();
    this.#deadlines.tick(nowMs);
    this.departures.tick(nowMs);
    this.#watch.tick(nowMs);
    this.#ejections.tick(nowMs);
    const waiting = this.dispatcher.turns.all();
    this.#workerScaler.tick(waiting, nowMs);
    this.#functionScaler.tick(nowMs);
    if (this.dispatcher.queuedCount === 0) return;
    // Of very many functions each is looked at less often: else looking is all that is done.
    if (waiting.length > missesPerPump && nowMs < this.#nextFullPassMs) return;
    this.#nextFullPassMs = nowMs + fullPassEveryMs;
    for (const fn of waiting) this.#giveUpWaiting(fn, nowMs);
    this.dispatcher.onTrial(nowMs);
    this.dispatcher.pump(nowMs, Number.POSITIVE_INFINITY);
    this.dispatcher.reserve(nowMs);
  }

  /** Refuses what is new; answers what is not done after graceMs. */
  async close(graceMs: number): Promise<void> {
    this.#open = false;
    await this.#emptyWithin(graceMs);
    this.#failAll();
  }

  #cancel(entry: JobEntry): void {
    const nowMs = this.#clock.nowMs();
    const { state } = entry;
    if (state.kind === 'queued') {
      this.dispatcher.drop(entry, nowMs, cancelled());
      this.#desk.reject(entry, done, cancelled(), nowMs);
    } else if (state.kind === 'dispatched') {
      this.#desk.reject(entry, abandonedFrom(state), cancelled(), nowMs);
      this.#deadlines.watchAbandoned(entry, state, nowMs);
    } else if (state.kind === 'delayed') {
      this.#retries.drop(entry);
      this.#desk.reject(entry, done, cancelled(), nowMs);
    }
  }

  /** Jobs that no attached worker can do wait only so long for one to come. */
  #giveUpWaiting(fn: FunctionState, nowMs: number): void {
    const { pool } = fn;
    const { workerReturnMs, workerWaitMs } = this.#bounds;
    if (pool.workers.length > 0) return;
    const mayReturn =
      pool.hadWorkers || nowMs - this.#startedMs < workerReturnMs || this.startable.does(pool.kind, pool.lang);
    const waitMs = mayReturn ? workerReturnMs : workerWaitMs;
    if (nowMs - pool.emptySinceMs < waitMs) return;
    for (let head = fn.queue.head; head && nowMs - head.arrivedMs >= waitMs; head = fn.queue.head) {
      const failure = noWorker(fn, nowMs - head.arrivedMs, this.fleet.reasonAgainst(fn.pool.lang));
      this.dispatcher.drop(head, nowMs, failure);
      this.#desk.fail(head, done, failure, nowMs);
    }
  }

  #emptyWithin(graceMs: number): Promise<void> {
    if (graceMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const endWait = this.#clock.after(graceMs, resolve);
      void this.#desk.empty().then(() => {
        endWait();
        resolve();
      });
    });
  }

  #failAll(): void {
    const nowMs = this.#clock.nowMs();
    for (const fn of this.#functions.values()) {
      for (let head = fn.queue.head; head; head = fn.queue.head) {
        this.dispatcher.drop(head, nowMs, notServing());
        this.#desk.fail(head, done, notServing(), nowMs);
      }
    }
    for (const entry of this.#retries.pausing) {
      this.#retries.drop(entry);
      this.#desk.fail(entry, done, notServing(), nowMs);
    }
    this.departures.dismissAll(nowMs);
  }
}

/** Its workers end the processes that wait for its next call. */
function endIdle(fn: FunctionState): void {
  for (const worker of fn.pool.workers) if (!worker.inline) worker.endIdle(fn.key);
}
