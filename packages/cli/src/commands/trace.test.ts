import { waterfall } from './trace.js';

const span = (spanId: string, parentSpanId: string, startUs: number, durationUs: number) => {
  return {
    spanId,
    parentSpanId,
    name: `call ${spanId}`,
    scope: 'gateway',
    startUs,
    durationUs,
    failed: spanId === 'c',
  };
};

test('children stand under their parents, bars where and as long as they ran, orphans at the edge', () => {
  const lines = waterfall([
    span('c', 'b', 500, 250),
    span('b', 'a', 250, 500),
    span('a', '', 0, 1000),
    span('d', 'x', 900, 0),
  ]);
  expect(lines.map(({ failed, line }) => [line.slice(0, 20).trimEnd(), line.indexOf('█') - 45, failed])).toEqual([
    ['gateway call a', 0, false],
    ['  gateway call b', 10, false],
    ['    gateway call c', 20, true],
    ['gateway call d', 36, false],
  ]);
  expect(lines[0]?.line).toContain('█'.repeat(40));
});
