import { type ErrorDetail, type Job, type JobResult, Timings } from '@relais/contracts';
import {
  fromDetail,
  isSampled,
  isTraceparent,
  type RelaisError,
  type SpanCarrier,
  toDetail,
  traceIdOf,
} from '@relais/kit';
import type { DeadlineWheel } from './deadline-wheel.js';
import { emptyResult } from './failures.js';
import type { JobEntry } from './job-entry.js';
import { type Abandoned, type Dispatched, type Done, done, transition } from './job-state.js';

/** The failed result of a job that was not admitted. */
export function refusal(job: Job, error: RelaisError): JobResult {
  return failedResult(job, error, Timings.create(), nowhere);
}

/** Counts what is admitted and gives every admitted job its one answer. */
export class AnswerDesk {
  readonly #wheel: DeadlineWheel;
  readonly #carrier: SpanCarrier | undefined;
  #jobCount = 0;
  #payloadBytes = 0;
  #onEmpty: (() => void) | undefined;

  constructor(wheel: DeadlineWheel, carrier?: SpanCarrier) {
    this.#wheel = wheel;
    this.#carrier = carrier;
  }

  /** Unanswered jobs. */
  get jobCount(): number {
    return this.#jobCount;
  }

  /** Payloads and sources of the unanswered jobs. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  admit(entry: JobEntry): void {
    this.#jobCount++;
    this.#payloadBytes += entry.payloadBytes;
    this.#wheel.add(entry, entry.deadlineMs);
  }

  /** Resolves when no job is unanswered; one waiter at a time. */
  empty(): Promise<void> {
    if (this.#jobCount === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  /** Answers with what the worker said; the slot has been given back. */
  pass(entry: JobEntry, held: Dispatched, result: JobResult, nowMs: number): void {
    const { outcome } = result;
    if (!outcome) {
      this.fail(entry, done, emptyResult(), nowMs);
      return;
    }
    const timings = timingsOf(entry, held, result.timings, nowMs);
    const { job } = entry;
    this.#leave(entry, done);
    const failure = outcome.$case === 'failure' && held.span.recording ? fromDetail(outcome.value) : undefined;
    held.span.end(failure, nowMs);
    entry.resolve({
      id: job.id,
      outcome:
        outcome.$case === 'failure'
          ? { $case: 'failure', value: completed(outcome.value, job, timings, entry) }
          : outcome,
      timings,
      workerId: held.worker.id,
      logs: result.logs,
      logsTruncated: result.logsTruncated,
      ...this.#spansOf(job, result.spans),
    });
  }

  /** Answers with a failure of ours. next: whether a slot stays taken. */
  fail(entry: JobEntry, next: Abandoned | Done, error: RelaisError, nowMs: number): void {
    const { state, job } = entry;
    const held = state.kind === 'dispatched' ? state : undefined;
    const timings = timingsOf(entry, held, undefined, nowMs);
    this.#leave(entry, next);
    held?.span.end(error, nowMs);
    const result = failedResult(job, error, timings, entry);
    entry.resolve({ ...result, ...this.#spansOf(job, undefined) });
  }

  /** The caller no longer waits: rejects. */
  reject(entry: JobEntry, next: Abandoned | Done, error: RelaisError, nowMs: number): void {
    const { state } = entry;
    this.#leave(entry, next);
    if (state.kind === 'dispatched') state.span.end(error, nowMs);
    if (isSampled(entry.job.traceparent)) this.#carrier?.leave(entry.job.traceparent);
    entry.reject(error.with({ invocationId: entry.job.invocationId }));
  }

  /** An answered job's slot is free: nothing is left to watch. */
  forget(entry: JobEntry): void {
    transition(entry, done);
    this.#wheel.remove(entry);
  }

  /** Those that came with the result, and ours. */
  #spansOf({ traceparent }: Job, behind: Buffer | undefined): { spans?: Buffer } {
    if (!isSampled(traceparent)) return {};
    const here = this.#carrier?.take(traceparent);
    const spans = here && behind ? Buffer.concat([behind, here]) : (here ?? behind);
    return spans ? { spans } : {};
  }

  #leave(entry: JobEntry, next: Abandoned | Done): void {
    transition(entry, next);
    this.#wheel.remove(entry);
    entry.letGo();
    this.#jobCount--;
    this.#payloadBytes -= entry.payloadBytes;
    if (this.#jobCount === 0) this.#onEmpty?.();
  }
}

const uint32Max = 0xffff_ffff;

/** What the worker did not say, it does not know better than we: all time since the dispatch counts as run. */
function timingsOf(entry: JobEntry, held: Dispatched | undefined, said: Timings | undefined, nowMs: number): Timings {
  return {
    // Whatever a worker says, the sum must be one that can travel.
    queuedUs: Math.min(uint32Max, Math.round(entry.queuedMs(nowMs) * 1000) + (said?.queuedUs ?? 0)),
    coldUs: said?.coldUs ?? 0,
    runUs: said?.runUs ?? (held ? Math.round((nowMs - held.atMs) * 1000) : 0),
    fetchUs: said?.fetchUs ?? 0,
    compileUs: said?.compileUs ?? 0,
    startUs: said?.startUs ?? 0,
    initUs: said?.initUs ?? 0,
  };
}

/** Where a job has been. */
interface Travels {
  readonly handedOut: number;
  readonly lastWorkerId: string;
  readonly retries: number;
  readonly deliveredParts: boolean;
}

const nowhere: Travels = { handedOut: 0, lastWorkerId: '', retries: 0, deliveredParts: false };

function failedResult(job: Job, error: RelaisError, timings: Timings, travels: Travels): JobResult {
  const detail = completed(toDetail(error), job, timings, travels);
  return {
    id: job.id,
    outcome: { $case: 'failure', value: detail },
    timings,
    workerId: travels.lastWorkerId,
    logs: '',
    logsTruncated: false,
  };
}

/** A failure with everything the balancer knows filled in where it says nothing. */
function completed(detail: ErrorDetail, job: Job, timings: Timings, travels: Travels): ErrorDetail {
  return {
    ...detail,
    component: detail.component || 'worker',
    invocationId: detail.invocationId || job.invocationId,
    traceId: detail.traceId || (isTraceparent(job.traceparent) ? traceIdOf(job.traceparent) : ''),
    timings,
    workerId: detail.workerId || travels.lastWorkerId,
    attempts: travels.handedOut,
    notStarted: detail.notStarted && travels.retries === 0 && !travels.deliveredParts,
  };
}
