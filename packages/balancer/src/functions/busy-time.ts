/** Before this much of it, how fast jobs leave says little. */
const tellingMs = 200;

/** The present time in which jobs have waited without a break, and how many have left meanwhile. */
export class BusyTime {
  #sinceMs: number | undefined;
  #left = 0;

  /** A job waits where none did. */
  begin(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#left = 0;
  }

  /** None waits any more. */
  end(): void {
    this.#sinceMs = undefined;
  }

  /** One went to a worker. */
  left(): void {
    this.#left++;
  }

  /** How long it has lasted, milliseconds; 0 when nothing waits. */
  lastedMs(nowMs: number): number {
    return this.#sinceMs === undefined ? 0 : nowMs - this.#sinceMs;
  }

  /** Jobs per millisecond; undefined when it has not lasted long enough to tell. */
  ratePerMs(nowMs: number): number | undefined {
    const lastedMs = this.lastedMs(nowMs);
    return lastedMs < tellingMs ? undefined : this.#left / lastedMs;
  }
}
