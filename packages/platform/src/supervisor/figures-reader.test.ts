import { MetricRegistry } from '@relais/kit';
import { FiguresReader } from './figures-reader.js';

function line(count: number): string {
  const metrics = new MetricRegistry();
  metrics.counter('jobs_total', 'Jobs.').add(count);
  return `${JSON.stringify(metrics.families())}\n`;
}

function valueIn(reader: FiguresReader): unknown {
  return reader.families.find(({ name }) => name === 'jobs_total')?.series[0];
}

test('the last whole line counts, however it is cut', () => {
  const reader = new FiguresReader();
  const bytes = Buffer.from(line(1) + line(2) + line(3).slice(0, 20));
  for (const byte of bytes) reader.push(Buffer.of(byte));
  expect(valueIn(reader)).toEqual({ labels: [], value: 2 });
});

test('what is no list of families, or endless, changes nothing and is not kept', () => {
  const reader = new FiguresReader();
  reader.push(Buffer.from(line(5)));
  reader.push(Buffer.from('{"a":1}\nnot json\n'));
  for (let round = 0; round < 20; round++) reader.push(Buffer.alloc(100_000, 'x'));
  reader.push(Buffer.from('\n'));
  expect(valueIn(reader)).toEqual({ labels: [], value: 5 });
  reader.push(Buffer.from(line(6)));
  expect(valueIn(reader)).toEqual({ labels: [], value: 6 });
});
