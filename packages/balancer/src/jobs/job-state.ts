import { RelaisError, type Span } from '@relais/kit';
import type { WorkerSession } from '../workers/worker-session.js';

/** What is known of a job that holds a slot of a worker. */
interface SlotHolder {
  readonly worker: WorkerSession;
  /** Id on the worker's stream. */
  readonly wireId: number;
  /** Monotonic milliseconds of the dispatch. */
  readonly atMs: number;
  /** What was added to the worker's outstanding work. */
  readonly estimateMs: number;
  readonly span: Span;
}

/** Waits in its function's queue. */
export interface Queued {
  readonly kind: 'queued';
}
/** Had begun on a lost worker and may be run again: waits for its next attempt. */
export interface Delayed {
  readonly kind: 'delayed';
}
/** A worker has it; the caller waits. */
export interface Dispatched extends SlotHolder {
  readonly kind: 'dispatched';
}
/** The caller has been answered; the worker's slot is taken until its result comes or the worker goes. */
export interface Abandoned extends SlotHolder {
  readonly kind: 'abandoned';
}
/** Answered, and no slot is taken. */
export interface Done {
  readonly kind: 'done';
}

export type JobState = Queued | Delayed | Dispatched | Abandoned | Done;

export const queued: Queued = { kind: 'queued' };
export const delayed: Delayed = { kind: 'delayed' };
export const done: Done = { kind: 'done' };

const nextKinds: Record<JobState['kind'], readonly JobState['kind'][]> = {
  queued: ['dispatched', 'done'],
  delayed: ['queued', 'done'],
  dispatched: ['queued', 'delayed', 'abandoned', 'done'],
  abandoned: ['done'],
  done: [],
};

/** The only way a job changes state. A step that would answer a job twice or lose it throws internal. */
export function transition(job: { state: JobState }, next: JobState): void {
  if (!nextKinds[job.state.kind].includes(next.kind)) {
    throw new RelaisError('internal', `A job cannot go from ${job.state.kind} to ${next.kind}.`);
  }
  job.state = next;
}
