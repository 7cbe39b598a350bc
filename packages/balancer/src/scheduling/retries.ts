import type { RelaisError } from '@relais/kit';
import type { BalancerBounds } from '../bounds.js';
import type { DeadlineWheel } from '../jobs/deadline-wheel.js';
import type { JobEntry } from '../jobs/job-entry.js';
import { delayed, transition } from '../jobs/job-state.js';
import { RetryBudget } from '../jobs/retry-budget.js';
import type { Dispatcher } from './dispatcher.js';

export interface RetriesOptions {
  readonly bounds: BalancerBounds;
  /** 0 to 1; spreads retries. */
  readonly random: () => number;
  readonly wheel: DeadlineWheel;
  readonly dispatcher: Dispatcher;
}

/**
 * Runs again what had begun on a worker that was lost, where that does no harm: at most retriesMax times a job, within a
 * budget for all of them, after pauses that grow, and never past the job's deadline.
 */
export class Retries {
  readonly #options: RetriesOptions;
  readonly #budget: RetryBudget;
  readonly #pausing = new Set<JobEntry>();

  constructor(options: RetriesOptions) {
    this.#options = options;
    this.#budget = new RetryBudget(options.bounds);
  }

  /** Jobs that wait for their next attempt. */
  get pausing(): Iterable<JobEntry> {
    return this.#pausing;
  }

  admitted(): void {
    this.#budget.earn();
  }

  /** Takes a job whose slot has been released for one more attempt. False: it may have none, and nothing was done. */
  take(entry: JobEntry, failure: RelaisError, nowMs: number): boolean {
    const { bounds } = this.#options;
    if (!entry.idempotent || entry.retries >= bounds.retriesMax) return false;
    const resumeMs = nowMs + this.#pauseMs(entry.retries);
    if (resumeMs >= entry.deadlineMs || !this.#budget.spend()) return false;
    entry.retries++;
    this.#pause(entry, failure, resumeMs, nowMs);
    return true;
  }

  /**
   * Takes a job that a worker could not begin, and whose slot has been released, to be handed out again: at most movesMax
   * times, and not at once, for what it lacked may be lacking elsewhere too. False: nothing was done.
   */
  moveOn(entry: JobEntry, failure: RelaisError, nowMs: number): boolean {
    const { bounds } = this.#options;
    const resumeMs = nowMs + this.#pauseMs(entry.moves);
    if (entry.moves >= bounds.movesMax || resumeMs >= entry.deadlineMs) return false;
    entry.moves++;
    this.#pause(entry, failure, resumeMs, nowMs);
    return true;
  }

  /** Its pause is over. */
  resume(entry: JobEntry, nowMs: number): void {
    this.#pausing.delete(entry);
    this.#options.wheel.add(entry, entry.deadlineMs);
    this.#options.dispatcher.requeue(entry, nowMs);
  }

  /** It is answered while it pauses. */
  drop(entry: JobEntry): void {
    this.#pausing.delete(entry);
  }

  #pauseMs(before: number): number {
    const { bounds, random } = this.#options;
    return bounds.retryPauseMs * 2 ** before * (0.5 + random() / 2);
  }

  #pause(entry: JobEntry, failure: RelaisError, resumeMs: number, nowMs: number): void {
    const { wheel } = this.#options;
    const { state } = entry;
    transition(entry, delayed);
    if (state.kind === 'dispatched') state.span.end(failure, nowMs);
    entry.queuedSinceMs = nowMs;
    this.#pausing.add(entry);
    wheel.remove(entry);
    wheel.add(entry, resumeMs);
  }
}
