import type { Exemplar } from './metric-snapshot.js';

/** Upper bounds for whatever takes between a quarter of a millisecond and a minute, seconds. */
export const secondsBounds: readonly number[] = [
  0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

/** Counts observations by bucket. An observation costs a short walk over numbers and allocates nothing. */
export class Histogram {
  readonly counts: number[];
  sum = 0;
  readonly #bounds: readonly number[];
  #exemplars: (Exemplar | null)[] | undefined;

  /** `bounds` ascend. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** What is no finite number, or negative, is left out. */
  observe(value: number): void {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) return;
    const bucket = this.#bucketOf(value);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }

  /** Remembers a trace as the latest of its bucket; beside `observe`, which counts it. */
  exemplify(value: number, traceId: string, atMs: number): void {
    this.#exemplars ??= this.counts.map(() => null);
    this.#exemplars[this.#bucketOf(value)] = { traceId, value, atMs };
  }

  get exemplars(): readonly (Exemplar | null)[] | undefined {
    return this.#exemplars;
  }

  #bucketOf(value: number): number {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++;
    return bucket;
  }
}
