const newestShare = 0.2;
/** Of the time they run, calls wait for processors: with more than the one fewer may run at once, with less than the other more. */
const waitShare = { cutAbove: 0.65, raiseBelow: 0.4 };
const decrease = 0.75;
/** While the answer of one is on its way the next computes. */
const least = 2;
/** A limit that calls no longer wait under is forgotten after this long, however few have shown that. */
const forgottenAfterMs = 30_000;

/**
 * How many calls of one function may run at once where they keep the processors from one another: an additive-increase,
 * multiplicative-decrease limit on the share of their run time in which they wait for one. As many are done in the same time, each
 * sooner and with fewer processes, and what else runs there waits for fewer. Calls that wait for anything else are not limited.
 */
export class RunLimit {
  #value = Number.POSITIVE_INFINITY;
  #share = 0;
  /** Calls since it has changed. */
  #calls = 0;
  /** When calls were last seen to wait, monotonic milliseconds. */
  #waitedAtMs = 0;

  /** Calls that may run at once; without bound while nothing has cut it. */
  allowed(nowMs: number): number {
    if (nowMs - this.#waitedAtMs > forgottenAfterMs) this.#value = Number.POSITIVE_INFINITY;
    return this.#value;
  }

  /** One that was among so many has waited for such a share; undefined: its run was too short to ask. */
  observe(share: number | undefined, running: number, nowMs: number): void {
    if (share === undefined && this.#value === Number.POSITIVE_INFINITY) return;
    this.#share += newestShare * ((share ?? 0) - this.#share);
    if (this.#share >= waitShare.raiseBelow) this.#waitedAtMs = nowMs;
    this.#calls++;
    // As many as were under way when it last changed know nothing of that.
    if (this.#calls <= running) return;
    const value = this.#next(running);
    if (value === this.#value) return;
    this.#value = value;
    this.#calls = 0;
  }

  #next(running: number): number {
    if (this.#share > waitShare.cutAbove) return Math.max(least, Math.floor(Math.min(this.#value, running) * decrease));
    return this.#share < waitShare.raiseBelow && running >= this.#value ? this.#value + 1 : this.#value;
  }
}
