import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';

/** An hour: what is longer counts as that. */
const longestUs = 3_600_000_000;

/** A histogram of times in microseconds, exact to three digits, or to two where many are kept. */
export class Latencies {
  readonly #histogram: Histogram;

  constructor(digits: 2 | 3 = 3) {
    this.#histogram = build({ highestTrackableValue: longestUs, numberOfSignificantValueDigits: digits });
  }

  static decode(text: string, digits: 2 | 3 = 3): Latencies {
    const latencies = new Latencies(digits);
    latencies.#histogram.add(decodeFromCompressedBase64(text));
    return latencies;
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  get maxMs(): number {
    return this.count === 0 ? 0 : this.#histogram.maxValue / 1000;
  }

  get meanMs(): number {
    return this.count === 0 ? 0 : this.#histogram.mean / 1000;
  }

  record(ms: number): void {
    this.#histogram.recordValue(Math.min(longestUs, Math.max(1, Math.round(ms * 1000))));
  }

  /** 0 when nothing was recorded. */
  percentileMs(percentile: number): number {
    return this.count === 0 ? 0 : this.#histogram.getValueAtPercentile(percentile) / 1000;
  }

  add(other: Latencies): void {
    this.#histogram.add(other.#histogram);
  }

  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram);
  }

  reset(): void {
    this.#histogram.reset();
  }
}
