import type { Job, JobResult, OutputPart } from '@relais/contracts';
import type { CancelSignal, Flow } from '@relais/kit';
import type { FunctionState } from '../functions/function-state.js';
import { type JobState, queued } from './job-state.js';

export interface JobEntryStart {
  readonly job: Job;
  readonly fn: FunctionState;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  readonly deadlineMs: number;
  readonly payloadBytes: number;
  readonly signal: CancelSignal | undefined;
  /** Where its output goes in parts; undefined: it is wanted whole. */
  readonly flow: Flow<OutputPart> | undefined;
  readonly cancelled: (entry: JobEntry) => void;
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One admitted job. It carries its own list and wheel links and is its own abort listener, so that a job costs one object
 * and no closure.
 */
export class JobEntry {
  /** As the caller gave it; its work is let go once the caller has been answered. */
  job: Job;
  readonly fn: FunctionState;
  readonly arrivedMs: number;
  readonly deadlineMs: number;
  readonly payloadBytes: number;
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: Error) => void;
  readonly flow: Flow<OutputPart> | undefined;
  state: JobState = queued;
  /** Monotonic milliseconds since when it waits. */
  queuedSinceMs: number;
  /** Earlier waits, before it came back from a lost worker, milliseconds. */
  queuedBeforeMs = 0;
  /** Times it came back unstarted from a lost worker. */
  moves = 0;

  /** Times it may have begun before on a worker that was lost. */
  retries = 0;
  /** It is to run beside its worker's own loop, or does. */
  apart = false;
  /** A part of its output has gone to its caller: it has begun, whatever is said of it. */
  deliveredParts = false;
  /** Times it was handed to a worker. */
  handedOut = 0;
  /** The last worker it was handed to; empty before. */
  lastWorkerId = '';

  /** Links of the one list it is in: its function's queue or its worker's jobs. */
  previous: JobEntry | undefined;
  next: JobEntry | undefined;
  /** Links of the deadline wheel. */
  wheelPrevious: JobEntry | undefined;
  wheelNext: JobEntry | undefined;
  wheelBucket = -1;
  dueMs = 0;

  readonly #signal: CancelSignal | undefined;
  readonly #cancelled: (entry: JobEntry) => void;

  constructor(start: JobEntryStart) {
    this.job = start.job;
    this.fn = start.fn;
    this.arrivedMs = start.nowMs;
    this.queuedSinceMs = start.nowMs;
    this.deadlineMs = start.deadlineMs;
    this.payloadBytes = start.payloadBytes;
    this.resolve = start.resolve;
    this.reject = start.reject;
    this.flow = start.flow;
    this.#signal = start.signal;
    this.#cancelled = start.cancelled;
    this.#signal?.addEventListener('abort', this);
  }

  /**
   * A worker that runs calls in its own loop does this one beside it: builds, calls whose output goes out meanwhile, and those
   * that may be long.
   */
  get runsBesideLoop(): boolean {
    return this.apart || this.fn.isBuild || this.flow !== undefined;
  }

  /** What it adds to the outstanding work of such a worker, or to that beside its loop, milliseconds. */
  get estimateMs(): number {
    return this.flow ? 0 : this.fn.estimateMs;
  }

  /** Nothing tells how long it takes: where slots are kept for short calls, they are not for this one. */
  get lengthUnknown(): boolean {
    return this.flow !== undefined || this.fn.isBuild || !this.fn.hasRun;
  }

  /**
   * Whether running it twice does no harm: its owner says so, or it builds, which has no effect outside. Not where output may
   * have gone out already.
   */
  get idempotent(): boolean {
    if (this.flow) return false;
    const { work } = this.job;
    return work?.$case === 'invoke' ? work.value.idempotent : this.fn.isBuild;
  }

  /** Which attempt the next is, counted from the one its caller gave. */
  get attempt(): number {
    return this.job.attempt + this.retries;
  }

  /** Whether one that is handed out then has less of its time left than has passed. */
  mostlyWaited(atMs: number): boolean {
    return this.deadlineMs - atMs < atMs - this.arrivedMs;
  }

  /**
   * Whether it is of no use to begin it: most of its time has passed in waiting, and what is left is less than calls like it
   * take. Not told of builds and of output in parts, which take what they take.
   */
  isTooLate(nowMs: number): boolean {
    if (this.flow || this.fn.isBuild || !this.mostlyWaited(nowMs)) return false;
    return this.deadlineMs - nowMs < this.fn.trip.ms;
  }

  /** Called by the signal. */
  handleEvent(): void {
    this.#cancelled(this);
  }

  /** The answer is given: the signal no longer matters and the payload is not needed again. */
  letGo(): void {
    this.#signal?.removeEventListener('abort', this);
    this.flow?.close();
    if (this.state.kind === 'abandoned') this.job = { ...this.job, work: undefined };
  }

  /** Time spent waiting here in all, milliseconds. */
  queuedMs(nowMs: number): number {
    return (
      this.queuedBeforeMs +
      (this.state.kind === 'queued' || this.state.kind === 'delayed' ? nowMs - this.queuedSinceMs : 0)
    );
  }
}
