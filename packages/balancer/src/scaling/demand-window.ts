const bucketMs = 250;

interface Bucket {
  readonly startMs: number;
  sum: number;
  peak: number;
  count: number;
}

/** Demand over the last while, in buckets of a quarter of a second; as many as windowMs needs. */
export class DemandWindow {
  readonly #buckets: Bucket[] = [];
  readonly #windowMs: number;
  #quietSinceMs: number;

  constructor(windowMs: number, nowMs: number) {
    this.#windowMs = windowMs;
    this.#quietSinceMs = nowMs;
  }

  /** So many calls run or wait now. */
  record(demand: number, nowMs: number): void {
    if (demand > 0) this.#quietSinceMs = nowMs;
    const startMs = Math.floor(nowMs / bucketMs) * bucketMs;
    const last = this.#buckets.at(-1);
    if (last?.startMs === startMs) {
      last.sum += demand;
      last.peak = Math.max(last.peak, demand);
      last.count++;
      return;
    }
    this.#buckets.push({ startMs, sum: demand, peak: demand, count: 1 });
    while ((this.#buckets[0]?.startMs ?? startMs) < startMs - this.#windowMs) this.#buckets.shift();
  }

  /** Average over the last overMs, the present bucket included; a time in which nothing was recorded had no demand. */
  average(overMs: number, nowMs: number): number {
    let sum = 0;
    let count = 0;
    for (let at = this.#buckets.length - 1; at >= 0; at--) {
      const bucket = this.#buckets[at];
      if (!bucket || bucket.startMs + bucketMs <= nowMs - overMs) break;
      sum += bucket.sum / bucket.count;
      count++;
    }
    return sum / Math.max(count, overMs / bucketMs, 1);
  }

  /** The most that was recorded in the last overMs; 0 for nothing. */
  peak(overMs: number, nowMs: number): number {
    return this.#buckets
      .filter(({ startMs }) => startMs + bucketMs > nowMs - overMs)
      .reduce((most, bucket) => Math.max(most, bucket.peak), 0);
  }

  /** The least of the last overMs, by average of each bucket: what has lasted all that time. 0 when little of it is known. */
  lasting(overMs: number, nowMs: number): number {
    const buckets = this.#buckets.filter(({ startMs }) => startMs + bucketMs > nowMs - overMs);
    // A balancer that has much to do may miss a bucket, but not most.
    if (buckets.length * 2 <= overMs / bucketMs) return 0;
    return Math.min(...buckets.map(({ count, sum }) => sum / count));
  }

  /** How long there has been none. */
  idleForMs(nowMs: number): number {
    return nowMs - this.#quietSinceMs;
  }
}
