import type { Exemplar, HistogramFamily, HistogramSeries, MetricFamily } from './metric-snapshot.js';

export type MetricsFormat = 'prometheus' | 'openmetrics';

/** Content types of the two text formats. */
export const metricsContentTypes: Readonly<Record<MetricsFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The format a scraper asks for by its Accept header; Prometheus' own text where it says nothing of OpenMetrics. */
export function metricsFormatOf(accept: string | undefined): MetricsFormat {
  return accept?.includes('application/openmetrics-text') ? 'openmetrics' : 'prometheus';
}

/** Figures as text. Families of one name, from several processes, are written together. Only OpenMetrics has exemplars. */
export function renderMetrics(families: readonly MetricFamily[], format: MetricsFormat): string {
  const byName = new Map<string, MetricFamily[]>();
  for (const family of families) {
    const same = byName.get(family.name);
    if (same) same.push(family);
    else byName.set(family.name, [family]);
  }
  const lines: string[] = [];
  for (const same of byName.values()) renderFamily(same, format, lines);
  if (format === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

function renderFamily(same: readonly MetricFamily[], format: MetricsFormat, lines: string[]): void {
  const [first] = same;
  if (!first) return;
  // OpenMetrics names a counter without the ending of its samples.
  const name = format === 'openmetrics' && first.type === 'counter' ? first.name.replace(/_total$/, '') : first.name;
  lines.push(`# HELP ${name} ${escapeHelp(first.help)}`, `# TYPE ${name} ${first.type}`);
  for (const family of same) {
    if (family.type === 'histogram') {
      for (const series of family.series) renderHistogram(family, series, format, lines);
      continue;
    }
    for (const { labels, value } of family.series) {
      lines.push(`${family.name}${labelText(family.labelNames, labels)} ${numberText(value)}`);
    }
  }
}

function renderHistogram(
  { name, labelNames, bounds }: HistogramFamily,
  { labels, counts, sum, exemplars }: HistogramSeries,
  format: MetricsFormat,
  lines: string[],
): void {
  const names = [...labelNames, 'le'];
  let total = 0;
  counts.forEach((count, bucket) => {
    total += count;
    const bound = bounds[bucket];
    const le = bound === undefined ? '+Inf' : boundText(bound, format);
    const exemplar = format === 'openmetrics' ? exemplarText(exemplars?.[bucket]) : '';
    lines.push(`${name}_bucket${labelText(names, [...labels, le])} ${total}${exemplar}`);
  });
  const text = labelText(labelNames, labels);
  lines.push(`${name}_sum${text} ${numberText(sum)}`, `${name}_count${text} ${total}`);
}

function exemplarText(exemplar: Exemplar | null | undefined): string {
  if (!exemplar) return '';
  const { atMs, traceId, value } = exemplar;
  return ` # {trace_id="${escapeLabel(traceId)}"} ${numberText(value)} ${(atMs / 1000).toFixed(3)}`;
}

// OpenMetrics wants canonical numbers: a bound of 1 is "1.0".
function boundText(bound: number, format: MetricsFormat): string {
  return format === 'openmetrics' && Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
}

function labelText(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return '';
  return `{${names.map((name, index) => `${name}="${escapeLabel(values[index] ?? '')}"`).join(',')}}`;
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : `${value > 0 ? '+' : '-'}Inf`;
}

function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value) ? value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n') : value;
}

function escapeHelp(help: string): string {
  return help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
}
