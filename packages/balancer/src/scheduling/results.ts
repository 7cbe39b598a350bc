import type { AttachRequest, JobResult, OutputPart } from '@relais/contracts';
import { fromDetail, partCost, type SpanCarrier, toDetail } from '@relais/kit';
import type { AnswerDesk } from '../jobs/answer-desk.js';
import { expiredAfterWaiting } from '../jobs/failures.js';
import type { JobEntry } from '../jobs/job-entry.js';
import type { Dispatched } from '../jobs/job-state.js';
import type { Ejections } from '../workers/ejections.js';
import type { Fleet } from '../workers/fleet.js';
import type { WorkerSession } from '../workers/worker-session.js';
import type { Departures } from './departures.js';
import type { Dispatcher } from './dispatcher.js';
import { endOf, type Probation } from './probation.js';
import type { Retries } from './retries.js';
import type { WireIds } from './wire-ids.js';

export interface ResultsOptions {
  readonly desk: AnswerDesk;
  readonly dispatcher: Dispatcher;
  readonly fleet: Fleet;
  readonly wireIds: WireIds;
  readonly departures: Departures;
  /** Takes the spans of results that come too late for their answer. */
  readonly carrier?: SpanCarrier | undefined;
  readonly retries: Retries;
  readonly ejections: Ejections;
  readonly probation: Probation;
}

/** Takes what workers send after their hello. */
export class Results {
  readonly #options: ResultsOptions;

  constructor(options: ResultsOptions) {
    this.#options = options;
  }

  receive(worker: WorkerSession, frame: AttachRequest, nowMs: number): void {
    if (!worker.listening) return;
    worker.heardMs = nowMs;
    worker.silent = false;
    if (frame.draining) this.#options.fleet.drain(worker, nowMs);
    for (const part of frame.parts) this.#handOn(worker, part, nowMs);
    if (frame.results.length === 0) return;
    worker.progressed(nowMs);
    for (const result of frame.results) this.#take(worker, result, nowMs);
    this.#options.dispatcher.pump(nowMs);
    worker.sendJobs();
  }

  /** A part nobody waits for is dropped. A worker that sends more than it may is broken, or no longer ours. */
  #handOn(worker: WorkerSession, part: OutputPart, nowMs: number): void {
    const entry = this.#options.wireIds.get(part.id);
    const held = entry?.state;
    if (held?.kind !== 'dispatched' || held.worker !== worker) return;
    if (entry?.flow?.deliver(part, partCost(part.data.length))) {
      entry.deliveredParts = true;
      return;
    }
    this.#options.departures.kill(worker, 'it sent more output than it had credit for', nowMs, entry?.job);
  }

  /** A result nobody waits for, of a job answered or moved before, is dropped; only its slot matters. */
  #take(worker: WorkerSession, result: JobResult, nowMs: number): void {
    const { desk, dispatcher, wireIds } = this.#options;
    const entry = wireIds.get(result.id);
    const held = entry?.state;
    if (!entry || (held?.kind !== 'dispatched' && held?.kind !== 'abandoned') || held.worker !== worker) return;
    worker.jobsDone++;
    dispatcher.release(entry, held, nowMs);
    const waited = entry.mostlyWaited(held.atMs);
    const how = endOf(result, { late: held.kind === 'abandoned' && nowMs >= entry.deadlineMs, waited });
    if (how) this.#options.probation.observe(entry.fn, how === 'badly');
    if (held.kind === 'abandoned') {
      this.#leave(entry, result.spans);
      desk.forget(entry);
      return;
    }
    const runMs = (result.timings?.runUs ?? (nowMs - held.atMs) * 1000) / 1000;
    const { estimateMs } = entry.fn;
    // How long a stream takes says nothing of its worker, nor a build or a first call, which nothing is known to compare with.
    const expectedMs = entry.flow || entry.fn.isBuild || !entry.fn.hasRun ? runMs : estimateMs;
    this.#options.ejections.observe(worker, result, runMs, expectedMs, nowMs);
    if (this.#movesOn(entry, result, nowMs)) {
      // They leave with the answer of the attempt that is the last.
      if (result.spans?.length) this.#options.carrier?.give(entry.job.traceparent, result.spans);
      return;
    }
    learn(entry, held, result, runMs, nowMs);
    desk.pass(entry, held, waited ? withWaitTold(entry, held, result) : result, nowMs);
  }

  /** Nobody waits for an answer that could take them. */
  #leave({ job: { traceparent } }: JobEntry, spans: Buffer | undefined): void {
    const { carrier } = this.#options;
    if (!carrier || !spans?.length) return;
    carrier.give(traceparent, spans);
    carrier.leave(traceparent);
  }

  /** What a worker could not even begin, and need not be so elsewhere or later. */
  #movesOn(entry: JobEntry, { outcome }: JobResult, nowMs: number): boolean {
    if (outcome?.$case !== 'failure') return false;
    const { code, notStarted, retryable } = outcome.value;
    if (!notStarted || !retryable || code !== 'unavailable' || entry.deliveredParts) return false;
    return this.#options.retries.moveOn(entry, fromDetail(outcome.value), nowMs);
  }
}

/** A job that failed before it ran says nothing about its function. */
function learn(entry: JobEntry, held: Dispatched, result: JobResult, runMs: number, nowMs: number): void {
  const { fn } = entry;
  if (result.outcome?.$case === 'failure' && runMs === 0) return;
  if (held.worker.inline) held.worker.warmed(fn.key);
  // How long a stream takes is a matter of who reads it.
  if (entry.flow) return;
  fn.observe(runMs);
  const { processorWaitUs } = result;
  // Its own slot has been released already.
  const waited = processorWaitUs === undefined || runMs === 0 ? undefined : Math.min(1, processorWaitUs / 1000 / runMs);
  fn.runLimit.observe(waited, fn.running + 1, nowMs);
  if (!isOutOfTime(result)) fn.trip.observe(nowMs - held.atMs);
  else if (entry.mostlyWaited(held.atMs)) fn.trip.ranOut(held.atMs, entry.deadlineMs - held.atMs, nowMs);
}

function isOutOfTime({ outcome }: JobResult): boolean {
  return outcome?.$case === 'failure' && outcome.value.code === 'deadline_exceeded';
}

/** Its worker knows only of the time that waiting had left it, and blames the function when that is over. */
function withWaitTold({ deadlineMs, fn }: JobEntry, { atMs }: Dispatched, result: JobResult): JobResult {
  if (result.outcome?.$case !== 'failure' || !isOutOfTime(result) || result.outcome.value.notStarted) return result;
  const { fault, message } = toDetail(expiredAfterWaiting(fn, deadlineMs - atMs));
  return { ...result, outcome: { $case: 'failure', value: { ...result.outcome.value, fault, message } } };
}
