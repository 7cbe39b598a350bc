import type { BalancerBounds } from '../bounds.js';
import type { AnswerDesk } from '../jobs/answer-desk.js';
import type { DeadlineWheel } from '../jobs/deadline-wheel.js';
import { expiredInQueue, expiredRunning } from '../jobs/failures.js';
import type { JobEntry } from '../jobs/job-entry.js';
import { type Abandoned, type Dispatched, done } from '../jobs/job-state.js';
import type { WorkerSession } from '../workers/worker-session.js';
import type { Departures } from './departures.js';
import type { Dispatcher } from './dispatcher.js';

/** How long until a worker that could not yet be blamed is looked at again. */
const lookAgainMs = 100;

export interface DeadlinesOptions {
  readonly bounds: BalancerBounds;
  readonly wheel: DeadlineWheel;
  readonly desk: AnswerDesk;
  readonly dispatcher: Dispatcher;
  readonly departures: Departures;
}

/**
 * Holds every job to its deadline: one that waits is answered and never sent, one that runs is answered at once and its
 * worker told to stop it. A worker that keeps the slot beyond the grace is killed.
 */
export class Deadlines {
  readonly #options: DeadlinesOptions;

  constructor(options: DeadlinesOptions) {
    this.#options = options;
  }

  tick(nowMs: number): void {
    for (const entry of this.#options.wheel.advance(nowMs)) {
      const { state } = entry;
      if (state.kind === 'queued') this.expireQueued(entry, nowMs);
      else if (state.kind === 'dispatched') this.#expireRunning(entry, state, nowMs);
      else if (state.kind === 'abandoned') this.#judge(entry, state, nowMs);
    }
  }

  expireQueued(entry: JobEntry, nowMs: number): void {
    const failure = expiredInQueue(entry.fn);
    this.#options.dispatcher.drop(entry, nowMs, failure);
    this.#options.desk.fail(entry, done, failure, nowMs);
  }

  /** The caller is gone or answered; the slot is watched until the grace after the job's deadline is over. */
  watchAbandoned(entry: JobEntry, held: Dispatched): void {
    const { inlineGraceMs, processGraceMs } = this.#options.bounds;
    const runsInline = held.worker.inline && !entry.fn.isBuild;
    held.worker.cancel(held.wireId);
    this.#options.wheel.add(entry, entry.deadlineMs + (runsInline ? inlineGraceMs : processGraceMs));
  }

  #expireRunning(entry: JobEntry, held: Dispatched, nowMs: number): void {
    const { worker } = held;
    if (!worker.inline || worker.jobs.head === entry) entry.fn.observe(nowMs - held.atMs);
    this.#options.desk.fail(entry, abandonedFrom(held), expiredRunning(entry.fn), nowMs);
    this.watchAbandoned(entry, held);
  }

  #judge(entry: JobEntry, held: Abandoned, nowMs: number): void {
    const { worker } = held;
    if (worker.inline && blockedByAnother(worker, entry)) {
      this.#options.wheel.add(entry, nowMs + lookAgainMs);
      return;
    }
    const { invocationId } = entry.job;
    this.#options.departures.kill(worker, `${entry.fn.name} (invocation ${invocationId}) ran past its deadline`, nowMs);
  }
}

export function abandonedFrom(held: Dispatched): Abandoned {
  return { ...held, kind: 'abandoned' };
}

/**
 * Whether a call that is still within its time is what keeps this worker from stopping a job: for a call an earlier one,
 * for a build any. A function that is not warm there may be waiting to be fetched while later calls run, so it explains
 * nothing about a call.
 */
function blockedByAnother(worker: WorkerSession, entry: JobEntry): boolean {
  const { isBuild } = entry.fn;
  for (let other = worker.jobs.head; other; other = other.next) {
    if (other === entry && !isBuild) return false;
    const runs = other.state.kind === 'dispatched' && !other.fn.isBuild;
    if (runs && (isBuild || worker.isWarm(other.fn.key))) return true;
  }
  return false;
}
