import type { RelaisError } from '@relais/kit';
import type { BalancerFigures } from '../balancer-figures.js';
import type { BalancerBounds } from '../bounds.js';
import type { AnswerDesk } from '../jobs/answer-desk.js';
import type { DeadlineWheel } from '../jobs/deadline-wheel.js';
import {
  expiredAfterWaiting,
  expiredHeldUp,
  expiredInQueue,
  expiredRunning,
  tooLateToBegin,
} from '../jobs/failures.js';
import type { JobEntry } from '../jobs/job-entry.js';
import { type Abandoned, type Dispatched, done } from '../jobs/job-state.js';
import type { WorkerSession } from '../workers/worker-session.js';
import type { Departures } from './departures.js';
import type { Dispatcher } from './dispatcher.js';
import type { Retries } from './retries.js';
import { isHeard } from './worker-watch.js';

/** How long until a worker that could not yet be blamed is looked at again. */
const lookAgainMs = 100;

export interface DeadlinesOptions {
  readonly bounds: BalancerBounds;
  readonly figures: BalancerFigures;
  readonly wheel: DeadlineWheel;
  readonly desk: AnswerDesk;
  readonly dispatcher: Dispatcher;
  readonly departures: Departures;
  readonly retries: Retries;
}

/**
 * Holds every job to its deadline: one that waits is answered and never sent, one that runs is answered at once and its
 * worker told to stop it, as it is when the caller goes. A worker that keeps the slot beyond the grace is killed.
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
      else if (state.kind === 'delayed') this.#options.retries.resume(entry, nowMs);
    }
  }

  expireQueued(entry: JobEntry, nowMs: number): void {
    const leftMs = entry.deadlineMs - nowMs;
    const failure = leftMs > 0 ? tooLateToBegin(entry.fn, leftMs) : expiredInQueue(entry.fn);
    this.#options.figures.expired.of('queue').add();
    this.#options.dispatcher.drop(entry, nowMs, failure);
    this.#options.desk.fail(entry, done, failure, nowMs);
  }

  /**
   * The caller is gone or answered; the slot is watched. A call in an inline worker's own loop cannot be stopped, and keeps
   * every other call waiting: its grace begins now. What a process runs is stopped there: its grace begins at the deadline.
   */
  watchAbandoned(entry: JobEntry, held: Dispatched, nowMs: number): void {
    const { inlineGraceMs, processGraceMs } = this.#options.bounds;
    const runsInline = held.worker.inline && !entry.runsBesideLoop;
    held.worker.cancel(held.wireId);
    const dueMs = runsInline ? Math.min(nowMs, entry.deadlineMs) + inlineGraceMs : entry.deadlineMs + processGraceMs;
    this.#options.wheel.add(entry, dueMs);
  }

  #expireRunning(entry: JobEntry, held: Dispatched, nowMs: number): void {
    const { bounds, desk, figures } = this.#options;
    const { worker } = held;
    const { fn } = entry;
    figures.expired.of('worker').add();
    const inLoop = worker.inline && !entry.runsBesideLoop;
    const ran = !inLoop || firstInLoop(worker) === entry;
    // While a loop is in a call nothing is heard; of others that are silent it cannot be said what a call did there.
    const hadTurn = ran && (inLoop || isHeard(worker, bounds.heartbeatMs, nowMs));
    const failure = hadTurn ? ranOutOfTime(entry, held, nowMs) : expiredHeldUp(fn);
    desk.fail(entry, abandonedFrom(held), failure, nowMs);
    this.watchAbandoned(entry, held, nowMs);
  }

  #judge(entry: JobEntry, held: Abandoned, nowMs: number): void {
    const { worker } = held;
    const { bounds, departures, wheel } = this.#options;
    const overdue = nowMs >= entry.deadlineMs;
    const heardOfLate = nowMs - worker.heardMs < bounds.inlineGraceMs;
    if (worker.inline && ((!overdue && heardOfLate) || blockedByAnother(worker, entry, overdue))) {
      wheel.add(entry, nowMs + lookAgainMs);
      return;
    }
    const { fn, job } = entry;
    if (!overdue && !entry.flow) fn.observe(nowMs - held.atMs);
    if (worker.inline) fn.tookWorker(nowMs);
    const did = overdue ? 'ran past its deadline' : 'ran on although its caller had gone';
    departures.kill(worker, `${fn.name} (invocation ${job.invocationId}) ${did}`, nowMs, job);
  }
}

/** What the end of its time says of a call that had its turn. */
function ranOutOfTime(entry: JobEntry, { atMs }: Dispatched, nowMs: number): RelaisError {
  const { deadlineMs, flow, fn } = entry;
  if (entry.mostlyWaited(atMs)) {
    fn.trip.ranOut(atMs, deadlineMs - atMs, nowMs);
    return expiredAfterWaiting(fn, deadlineMs - atMs);
  }
  if (!flow) fn.observe(nowMs - atMs);
  return expiredRunning(fn);
}

export function abandonedFrom(held: Dispatched): Abandoned {
  return { ...held, kind: 'abandoned' };
}

/** The call that a worker's own loop is in, or comes to next. */
function firstInLoop({ jobs }: WorkerSession): JobEntry | undefined {
  let entry = jobs.head;
  while (entry?.runsBesideLoop) entry = entry.next;
  return entry;
}

/**
 * Whether a call that is still within its time is what keeps this worker from stopping a job: for a call an earlier one,
 * for a build or a stream any. A function that is not warm there may be waiting to be fetched while later calls run, so it explains
 * nothing about a call that is overdue; one whose caller has merely gone gets the benefit of the doubt.
 */
function blockedByAnother(worker: WorkerSession, entry: JobEntry, overdue: boolean): boolean {
  const { runsBesideLoop } = entry;
  for (let other = worker.jobs.head; other; other = other.next) {
    if (other === entry && !runsBesideLoop) return false;
    const runs = other.state.kind === 'dispatched' && !other.runsBesideLoop;
    if (runs && (runsBesideLoop || !overdue || worker.isWarm(other.fn.key))) return true;
  }
  return false;
}
