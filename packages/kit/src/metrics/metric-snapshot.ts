/** One call that fell into a bucket, by its trace. */
export interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** One series of a counter or a gauge. */
export interface ValueSeries {
  readonly labels: readonly string[];
  readonly value: number;
}

/** One series of a histogram. */
export interface HistogramSeries {
  readonly labels: readonly string[];
  /** Observations per bucket, not cumulative; one more than there are bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
  /** By bucket; where one was kept. */
  readonly exemplars?: readonly (Exemplar | null)[];
}

interface Described {
  /** Without the endings that an exposition adds. */
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

export interface ValueFamily extends Described {
  readonly type: 'counter' | 'gauge';
  readonly series: readonly ValueSeries[];
}

export interface HistogramFamily extends Described {
  readonly type: 'histogram';
  /** Upper bounds, ascending; above the last is infinity. */
  readonly bounds: readonly number[];
  readonly series: readonly HistogramSeries[];
}

/** All series of one name at one moment: plain data, so that it can travel as JSON. */
export type MetricFamily = ValueFamily | HistogramFamily;

/** Whatever can say its figures now. */
export interface MetricSource {
  families(): readonly MetricFamily[];
}

/** The same figures with one label more in front, by which those of several processes are told apart. */
export function withLabel(families: readonly MetricFamily[], name: string, value: string): MetricFamily[] {
  const first = <T extends { readonly labels: readonly string[] }>(series: readonly T[]): T[] =>
    series.map((one) => ({ ...one, labels: [value, ...one.labels] }));
  return families.map((family) => {
    const labelNames = [name, ...family.labelNames];
    return family.type === 'histogram'
      ? { ...family, labelNames, series: first(family.series) }
      : { ...family, labelNames, series: first(family.series) };
  });
}
