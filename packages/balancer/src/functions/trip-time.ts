const newestShare = 0.1;
const growth = 2;
/** What is assumed at the least once one ran out of time. */
const leastMs = 10;

/**
 * How long calls of a function take from being handed to a worker until they are answered: whether it is worth beginning one that
 * has little time left. What was too little is doubled, once for all that were under way then: many may wait together for one
 * start that the next find made. It comes down slowly, so that of calls that hardly have the time nine in ten are in time.
 */
export class TripTime {
  #ms: number | undefined;
  /** Monotonic milliseconds. */
  #doubledAtMs = Number.NEGATIVE_INFINITY;

  /** 0 while nothing is known. */
  get ms(): number {
    return this.#ms ?? 0;
  }

  /** One took this long. */
  observe(tookMs: number): void {
    const before = this.#ms ?? tookMs;
    this.#ms = before + newestShare * (tookMs - before);
  }

  /** One that was handed out then, with this much time left, was not done. */
  ranOut(fromMs: number, hadMs: number, nowMs: number): void {
    if (fromMs < this.#doubledAtMs) return;
    this.#doubledAtMs = nowMs;
    this.#ms = Math.max(this.ms, Math.min(growth * hadMs, Math.max(leastMs, growth * this.ms)));
  }
}
