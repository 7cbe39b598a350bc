/** Label value of everything beyond the cap. */
export const overflowLabel = 'other';

const labelLengthMax = 128;

/** The series of one name by their labels, at most `seriesMax`; all further ones share one whose labels are "other". */
export class SeriesTable<T> {
  readonly #byLabels = new Map<string, { readonly labels: readonly string[]; readonly series: T }>();
  readonly #make: () => T;
  readonly #seriesMax: number;
  readonly #onOverflow: () => void;

  constructor(options: { readonly make: () => T; readonly seriesMax: number; readonly onOverflow: () => void }) {
    this.#make = options.make;
    this.#seriesMax = options.seriesMax;
    this.#onOverflow = options.onOverflow;
  }

  /** Keep what it returns where calls are frequent: the look-up is the dear part. */
  of(...labels: readonly string[]): T {
    const key = labels.join('\0');
    const known = this.#byLabels.get(key);
    if (known) return known.series;
    if (this.#byLabels.size < this.#seriesMax) return this.#add(key, labels);
    this.#onOverflow();
    const others = labels.map(() => overflowLabel);
    const otherKey = others.join('\0');
    return this.#byLabels.get(otherKey)?.series ?? this.#add(otherKey, others);
  }

  entries(): Iterable<{ readonly labels: readonly string[]; readonly series: T }> {
    return this.#byLabels.values();
  }

  #add(key: string, labels: readonly string[]): T {
    const series = this.#make();
    this.#byLabels.set(key, { labels: labels.map((label) => label.slice(0, labelLengthMax)), series });
    return series;
  }
}
