/** Beyond when a place comes free; over that nobody can tell who still comes. */
const spreadMsMax = 5000;
/** For one of them so many calls leave: most places are taken by callers who have just been answered. */
const leavingForEach = 4;

/**
 * When those who are refused should ask again: one after the other, at a rate that calls leave at. Told the same time, they
 * would come all at once, and all but one in vain.
 */
export class Appointments {
  /** Monotonic milliseconds. */
  #lastMs = 0;

  /** Milliseconds from now, for one more to whom a place comes free in so many. */
  next(freeInMs: number, leavingPerMs: number, nowMs: number): number {
    const earliestMs = nowMs + freeInMs;
    const latestMs = earliestMs + spreadMsMax;
    const inTurnMs = leavingPerMs > 0 ? this.#lastMs + leavingForEach / leavingPerMs : earliestMs;
    this.#lastMs = Math.min(Math.max(earliestMs, inTurnMs), latestMs);
    return this.#lastMs - nowMs;
  }
}
