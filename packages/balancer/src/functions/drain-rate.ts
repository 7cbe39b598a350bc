const windowMs = 1000;
const adviceMs = { min: 10, max: 60_000 };

/** How fast jobs have left a queue of late, over two windows of a second. */
export class DrainRate {
  #windowStartMs: number;
  #count = 0;
  #previousCount = 0;

  constructor(nowMs: number) {
    this.#windowStartMs = nowMs;
  }

  /** One job has left. */
  record(nowMs: number): void {
    this.#roll(nowMs);
    this.#count++;
  }

  /** Time until this many jobs will have left at the present rate, milliseconds, within sensible advice. */
  timeToDrainMs(jobs: number, nowMs: number): number {
    return Math.min(adviceMs.max, Math.max(adviceMs.min, jobs / this.ratePerMs(nowMs)));
  }

  /** Jobs per millisecond over the last one to two seconds, times without any waiting included. */
  ratePerMs(nowMs: number): number {
    this.#roll(nowMs);
    return (this.#count + this.#previousCount) / (nowMs - this.#windowStartMs + windowMs);
  }

  #roll(nowMs: number): void {
    const windows = Math.floor((nowMs - this.#windowStartMs) / windowMs);
    if (windows < 1) return;
    this.#previousCount = windows === 1 ? this.#count : 0;
    this.#count = 0;
    this.#windowStartMs += windows * windowMs;
  }
}
