import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { barChart, lineChart } from './svg.mjs';

const columns = [
  ['workload', ({ workload }) => workload],
  ['strategy', ({ strategy }) => strategy],
  ['p50 ms', ({ p50Ms }) => figure(p50Ms)],
  ['p99 ms', ({ p99Ms }) => figure(p99Ms)],
  ['p99.9 ms', ({ p999Ms }) => figure(p999Ms)],
  ['overhead p99 ms', ({ overhead99Ms }) => figure(overhead99Ms)],
  ['cold starts', ({ coldStarts }) => coldStarts.toLocaleString('en')],
  ['cold %', ({ answered, coldStarts }) => ((100 * coldStarts) / answered).toFixed(2)],
  ['fairness', ({ fairness }) => fairness.toFixed(3)],
  ['imbalance', ({ imbalance }) => imbalance.toFixed(2)],
  ['load', ({ load }) => load.toFixed(2)],
  ['workers', ({ workers }) => Math.round(workers).toLocaleString('en')],
  ['started', ({ started }) => started.toLocaleString('en')],
  ['refused', ({ refused }) => String(refused)],
];

/** One row for each run, as a Markdown table. */
export function simulationTable(rows) {
  return markdown(
    columns.map(([name]) => name),
    rows.map((row) => columns.map(([, cell]) => cell(row))),
    2,
  );
}

/** Fleet sizes down, strategies across. costs: by measure, workers and strategy, in microseconds. */
export function costTable(costs, strategies) {
  const heads = ['workers', ...costs.flatMap(({ name }) => strategies.map((strategy) => `${name} ${strategy}`))];
  const sizes = costs[0].sizes;
  const rows = sizes.map((workers, at) => [
    workers.toLocaleString('en'),
    ...costs.flatMap(({ values }) => strategies.map((strategy) => values[strategy][at].toFixed(2))),
  ]);
  return markdown(heads, rows, 0);
}

/** Bars of cold starts and of what waiting and cold starts add, for the runs of one call. */
export function writeSimulationPlots(directory, rows) {
  mkdirSync(directory, { recursive: true });
  const groups = [...new Set(rows.map(({ workload }) => workload))];
  const strategies = [...new Set(rows.map(({ strategy }) => strategy))];
  const seriesOf = (value) =>
    strategies.map((name) => ({
      name,
      values: groups.map((group) =>
        value(rows.find(({ workload, strategy }) => workload === group && strategy === name)),
      ),
    }));
  const charts = {
    'cold-starts': { title: 'Cold starts', unit: '% of calls', value: (row) => (100 * row.coldStarts) / row.answered },
    overhead: { title: 'Queue and cold start, p99', unit: 'ms', value: ({ overhead99Ms }) => overhead99Ms },
    imbalance: { title: 'Busiest worker', unit: 'times the mean of its kind', value: ({ imbalance }) => imbalance },
  };
  for (const [name, { title, unit, value }] of Object.entries(charts)) {
    writeFileSync(join(directory, `${name}.svg`), barChart({ title, unit, groups, series: seriesOf(value) }));
  }
}

/** Lines of the cost over the size of the fleet, one file for each measure. */
export function writeCostPlots(directory, costs, strategies) {
  mkdirSync(directory, { recursive: true });
  for (const { file, title, sizes, values } of costs) {
    const series = strategies.map((name) => ({ name, values: values[name] }));
    const chart = { title, unit: 'microseconds of CPU', xTitle: 'workers (logarithmic)', xs: sizes, series };
    writeFileSync(join(directory, `${file}.svg`), lineChart(chart));
  }
}

function markdown(heads, rows, textColumns) {
  const rule = heads.map((_, index) => (index < textColumns ? '---' : '---:'));
  return [heads, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function figure(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(2);
}
