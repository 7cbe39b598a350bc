import { MetricRegistry } from './metric-registry.js';
import { withLabel } from './metric-snapshot.js';
import { parseFamilies } from './parse-families.js';
import { metricsFormatOf, renderMetrics } from './render-metrics.js';

function textOf(metrics: MetricRegistry, format: 'prometheus' | 'openmetrics' = 'prometheus'): string[] {
  return renderMetrics(metrics.families(), format).trimEnd().split('\n');
}

test('counters, gauges and histograms are written as Prometheus reads them', () => {
  const metrics = new MetricRegistry();
  const calls = metrics.counters('calls_total', 'Calls.', ['function', 'code']);
  calls.of('a"\n\\', 'ok').add();
  calls.of('a"\n\\', 'ok').add(2);
  metrics.gauge('depth', 'How deep.', () => 1.5);
  const took = metrics.histogram('took_seconds', 'How long.', [0.1, 1]);
  for (const seconds of [0.1, 0.5, 7, Number.NaN, -1]) took.observe(seconds);
  expect(textOf(metrics).slice(2)).toEqual([
    '# HELP calls_total Calls.',
    '# TYPE calls_total counter',
    'calls_total{function="a\\"\\n\\\\",code="ok"} 3',
    '# HELP depth How deep.',
    '# TYPE depth gauge',
    'depth 1.5',
    '# HELP took_seconds How long.',
    '# TYPE took_seconds histogram',
    'took_seconds_bucket{le="0.1"} 1',
    'took_seconds_bucket{le="1"} 2',
    'took_seconds_bucket{le="+Inf"} 3',
    'took_seconds_sum 7.6',
    'took_seconds_count 3',
  ]);
});

test('OpenMetrics has exemplars, counters without their ending, and an end', () => {
  const metrics = new MetricRegistry();
  metrics.counter('calls_total', 'Calls.').add();
  const took = metrics.histogram('took_seconds', 'How long.', [1]);
  took.observe(0.5);
  took.exemplify(0.5, 'abc', 1_700_000_000_250);
  const lines = textOf(metrics, 'openmetrics');
  expect(lines).toContain('# TYPE calls counter');
  expect(lines).toContain('calls_total 1');
  expect(lines).toContain('took_seconds_bucket{le="1.0"} 1 # {trace_id="abc"} 0.5 1700000000.250');
  expect(lines.at(-1)).toBe('# EOF');
  expect(textOf(metrics).filter((line) => line.includes('abc') || line.includes('EOF'))).toEqual([]);
});

test('beyond the cap everything is counted together, and that it is so is counted', () => {
  const metrics = new MetricRegistry({ seriesMax: 2 });
  const calls = metrics.counters('calls_total', 'Calls.', ['function']);
  for (const name of ['a', 'b', 'c', 'd', 'a']) calls.of(name).add();
  const lines = textOf(metrics);
  expect(lines.filter((line) => line.startsWith('calls_total{'))).toEqual([
    'calls_total{function="a"} 2',
    'calls_total{function="b"} 1',
    'calls_total{function="other"} 2',
  ]);
  expect(lines).toContain('relais_metric_series_overflows_total{metric="calls_total"} 2');
});

test('a reading is cut at the cap too', () => {
  const metrics = new MetricRegistry({ seriesMax: 3 });
  metrics.read('gauge', 'queue', 'Waiting.', ['function'], () => Array.from({ length: 9 }, (_, i) => [`f${i}`, i]));
  expect(textOf(metrics).filter((line) => line.startsWith('queue{'))).toHaveLength(3);
});

test('a name is registered once', () => {
  const metrics = new MetricRegistry();
  metrics.gauge('depth', 'How deep.', () => 1);
  expect(() => metrics.gauge('depth', 'Again.', () => 1)).toThrow('taken');
  expect(() => metrics.gauge('Depth!', 'No.', () => 1)).toThrow('malformed');
});

test('figures of several processes are one family, told apart by a label', () => {
  const families = ['w1', 'w2'].flatMap((worker) => {
    const metrics = new MetricRegistry();
    metrics.counter('jobs_total', 'Jobs.').add();
    metrics.histogram('run_seconds', 'Run.', [1]).observe(2);
    const travelled = parseFamilies(JSON.parse(JSON.stringify(metrics.families())));
    return withLabel(travelled ?? [], 'worker', worker);
  });
  const lines = renderMetrics(families, 'prometheus').split('\n');
  expect(lines.filter((line) => line === '# TYPE jobs_total counter')).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith('jobs_total'))).toEqual([
    'jobs_total{worker="w1"} 1',
    'jobs_total{worker="w2"} 1',
  ]);
  expect(lines).toContain('run_seconds_bucket{worker="w2",le="+Inf"} 1');
});

test.each([
  [undefined],
  [{}],
  [[{ name: 'a b', help: '', labelNames: [], type: 'gauge', series: [] }]],
  [[{ name: 'a', help: '', labelNames: [], type: 'gauge', series: [{ labels: [], value: 'x' }] }]],
  [[{ name: 'a', help: '', labelNames: ['x'], type: 'gauge', series: [{ labels: [1], value: 1 }] }]],
  [[{ name: 'a', help: '', labelNames: [], type: 'histogram', series: [{ labels: [], counts: [1], sum: 1 }] }]],
  [Array.from({ length: 201 }, () => ({ name: 'a', help: '', labelNames: [], type: 'gauge', series: [] }))],
])('what is no list of families is refused: %j', (value) => {
  expect(parseFamilies(value)).toBeUndefined();
});

test('the format follows what a scraper accepts', () => {
  expect(metricsFormatOf(undefined)).toBe('prometheus');
  expect(metricsFormatOf('text/plain;version=0.0.4')).toBe('prometheus');
  expect(metricsFormatOf('application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.1')).toBe('openmetrics');
});
