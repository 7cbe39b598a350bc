/**
 * Lets through so many a second, evenly, and up to `burst` at once after a pause: over t seconds never more than
 * `ratePerS` * t + `burst`. Time is the caller's, in milliseconds, and must not go back.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number;

  constructor(ratePerS: number, burst: number, nowMs: number) {
    this.#perMs = ratePerS / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  /** 0 when it lets one through, else the milliseconds until it would. */
  take(nowMs: number): number {
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
    // Sums of fractions fall short of the whole by a little.
    if (this.#tokens >= 1 - 1e-9) {
      this.#tokens -= 1;
      return 0;
    }
    return (1 - this.#tokens) / this.#perMs;
  }
}
