import { longerFactor } from '../bounds.js';

export interface WaitLimitBounds {
  /** A queue may be longerFactor times as long: there the limit begins, and ends to limit anything. */
  readonly queueLengthMax: number;
  /** Waiting this long for a whole interval of the same length means that more comes than goes. */
  readonly queueWaitTargetMs: number;
}

const decrease = 0.7;
/** Intervals of too long waiting in a row after which a queue stands: what piled up in an outage may have cleared by then. */
const standingIntervals = 3;
/** Share of queueLengthMax by which it grows in an interval without such waiting. */
const increaseShare = 0.2;
/** Twice what runs may wait whatever the limit, and a few where little runs: a worker is never left without work. */
const runningFactor = 2;
const leastWaiting = 8;

/**
 * How many jobs of one function may wait: an additive-increase, multiplicative-decrease limit on the time they wait. A
 * burst is taken in; a queue that stands is cut back until what is admitted waits no longer than the target. Judged by the
 * shortest wait of an interval, so that one slow job changes nothing.
 */
export class WaitLimit {
  readonly #bounds: WaitLimitBounds;
  readonly #longest: number;
  #value: number;
  #intervalStartMs: number;
  #shortestMs = Number.POSITIVE_INFINITY;
  #longInARow = 0;
  /** Shortest wait of the last interval that was too long; 0 when the last was not. */
  #standingMs = 0;

  constructor(bounds: WaitLimitBounds, nowMs: number) {
    this.#bounds = bounds;
    this.#longest = bounds.queueLengthMax * longerFactor;
    this.#value = this.#longest;
    this.#intervalStartMs = nowMs;
  }

  /** How long even the luckiest job has waited of late; 0 unless that is too long. */
  get standingMs(): number {
    return this.#standingMs;
  }

  /** Jobs that may wait while this many run; without bound while nothing has cut the queue back. */
  allowed(running: number): number {
    if (this.#value >= this.#longest) return Number.POSITIVE_INFINITY;
    const floor = Math.max(leastWaiting, running * runningFactor);
    return Math.min(this.#longest, Math.max(floor, Math.floor(this.#value)));
  }

  /** A job goes to a worker after waiting this long, while so many others wait. */
  observe(waitedMs: number, waiting: number, nowMs: number): void {
    this.#shortestMs = Math.min(this.#shortestMs, waitedMs);
    const { queueLengthMax, queueWaitTargetMs } = this.#bounds;
    const intervals = Math.floor((nowMs - this.#intervalStartMs) / queueWaitTargetMs);
    if (intervals < 1) return;
    if (this.#shortestMs > queueWaitTargetMs) {
      this.#longInARow++;
      if (this.#longInARow >= standingIntervals) this.#cut(waiting);
    } else {
      this.#longInARow = 0;
      this.#value = Math.min(this.#longest, this.#value + Math.max(1, queueLengthMax * increaseShare) * intervals);
      this.#standingMs = 0;
    }
    this.#intervalStartMs = nowMs;
    this.#shortestMs = Number.POSITIVE_INFINITY;
  }

  #cut(waiting: number): void {
    this.#value = Math.max(1, Math.min(this.#value, waiting) * decrease);
    this.#standingMs = this.#shortestMs;
  }
}
