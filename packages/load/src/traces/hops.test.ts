import { hopsOf, type SpanView } from './hops.js';

function span(name: string, scope: string, kind: string, startUs: number, durationUs: number): SpanView {
  return { name, scope, kind, startUs, durationUs };
}

const spans = [
  span('POST /invoke', 'gateway', 'server', 0, 10_000),
  span('balancer queue', 'balancer', 'internal', 500, 1000),
  span('balancer dispatch', 'balancer', 'client', 1500, 8000),
  span('worker run', 'worker', 'server', 2500, 6000),
  span('worker fetch', 'worker', 'client', 2600, 1000),
  span('runtime c', 'runtime', 'internal', 4500, 4000),
];

test('the parts of a call add up to the whole', () => {
  const hops = hopsOf(spans);
  expect(hops).toEqual({ edge: 0.5, queue: 1, dispatch: 1, cold: 2, run: 4, return: 1.5 });
  expect(Object.values(hops ?? {}).reduce((sum, part) => sum + part, 0)).toBe(10);
});

test.each([0, 1, 2, 3, 5])('without one of the spans it needs there is no answer (%i)', (missing) => {
  expect(hopsOf(spans.filter((_, index) => index !== missing))).toBeUndefined();
});
