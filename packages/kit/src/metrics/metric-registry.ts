import { RelaisError } from '../errors/relais-error.js';
import { Histogram, secondsBounds } from './histogram.js';
import type { MetricFamily, MetricSource, ValueSeries } from './metric-snapshot.js';
import { SeriesTable } from './series-table.js';

/** Something that only grows. */
export class Counter {
  value = 0;

  add(amount = 1): void {
    this.value += amount;
  }
}

/** Label values, then the figure. */
export type Reading = readonly [...labels: string[], value: number];

export interface MetricRegistryOptions {
  /** Series of one name; further ones are counted together under the label value "other". */
  readonly seriesMax: number;
}

const nameForm = /^[a-z][a-z0-9_]*$/;

/**
 * The figures of one process. Counting touches numbers only; names, labels and text are dealt with when somebody asks.
 * Own code, because the libraries for it take half a microsecond and more for each observation, tie exemplars to one text
 * format, and know no cap on series.
 */
export class MetricRegistry implements MetricSource {
  readonly #families = new Map<string, () => MetricFamily>();
  readonly #seriesMax: number;
  readonly #overflows: SeriesTable<Counter>;

  constructor(options: MetricRegistryOptions = { seriesMax: 1000 }) {
    this.#seriesMax = options.seriesMax;
    this.#overflows = this.counters(
      'relais_metric_series_overflows_total',
      'Times a series was counted as "other" because its metric has as many as it may.',
      ['metric'],
    );
  }

  counter(name: string, help: string): Counter {
    return this.counters(name, help, []).of();
  }

  counters(name: string, help: string, labelNames: readonly string[]): SeriesTable<Counter> {
    const table = this.#table(name, () => new Counter());
    this.#add(name, () => ({
      ...{ type: 'counter', name, help, labelNames },
      series: Array.from(table.entries(), ({ labels, series }) => ({ labels, value: series.value })),
    }));
    return table;
  }

  histogram(name: string, help: string, bounds = secondsBounds): Histogram {
    return this.histograms(name, help, [], bounds).of();
  }

  histograms(
    name: string,
    help: string,
    labelNames: readonly string[],
    bounds = secondsBounds,
  ): SeriesTable<Histogram> {
    const table = this.#table(name, () => new Histogram(bounds));
    this.#add(name, () => ({
      ...{ type: 'histogram', name, help, labelNames, bounds },
      series: Array.from(table.entries(), ({ labels, series: { counts, sum, exemplars } }) => ({
        ...{ labels, counts: [...counts], sum },
        ...(exemplars ? { exemplars: [...exemplars] } : {}),
      })),
    }));
    return table;
  }

  /** Figures that are read when somebody asks; of more than the cap the first. */
  read(
    type: 'gauge' | 'counter',
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => Iterable<Reading>,
  ): void {
    this.#add(name, () => ({ type, name, help, labelNames, series: this.#read(name, read) }));
  }

  gauge(name: string, help: string, read: () => number): void {
    this.read('gauge', name, help, [], () => [[read()]]);
  }

  families(): readonly MetricFamily[] {
    return Array.from(this.#families.values(), (family) => family());
  }

  #read(name: string, read: () => Iterable<Reading>): ValueSeries[] {
    const series: ValueSeries[] = [];
    for (const reading of read()) {
      if (series.length === this.#seriesMax) {
        this.#overflows.of(name).add();
        break;
      }
      series.push({ labels: reading.slice(0, -1).map(String), value: Number(reading.at(-1)) });
    }
    return series;
  }

  #table<T>(name: string, make: () => T): SeriesTable<T> {
    return new SeriesTable({ make, seriesMax: this.#seriesMax, onOverflow: () => this.#overflows.of(name).add() });
  }

  #add(name: string, family: () => MetricFamily): void {
    if (!nameForm.test(name) || this.#families.has(name)) {
      throw new RelaisError('internal', `The metric name "${name}" is malformed or taken.`);
    }
    this.#families.set(name, family);
  }
}
