const newestShare = 0.1;
/** What was too little is doubled at once and comes down slowly, so that nine calls in ten are in time that hardly are. */
const growth = 2;

/**
 * How long calls of a function take from being handed to a worker until they are answered, with what is not warm yet, reckoned
 * on the long side: whether it is worth beginning one that has little time left.
 */
export class TripTime {
  #ms: number | undefined;

  /** 0 while nothing is known. */
  get ms(): number {
    return this.#ms ?? 0;
  }

  /** One took this long. */
  observe(tookMs: number): void {
    const before = this.#ms ?? tookMs;
    this.#ms = before + newestShare * (tookMs - before);
  }

  /** One had this long and was not done. */
  ranOut(hadMs: number): void {
    this.#ms = Math.max(this.ms, growth * hadMs);
  }
}
