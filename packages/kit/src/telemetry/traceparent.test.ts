import { passThroughTracer } from './pass-through-tracer.js';
import { isSampled, isTraceparent, newTraceparent, spanIdOf, traceIdOf } from './traceparent.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const good = `00-${traceId}-${spanId}-01`;

test('a well-formed value is read', () => {
  expect([isTraceparent(good), traceIdOf(good), spanIdOf(good), isSampled(good)]).toEqual([
    true,
    traceId,
    spanId,
    true,
  ]);
});

test.each([
  ['00', false],
  ['01', true],
  ['02', false],
  ['ff', true],
])('flags %s', (flags, expected) => {
  expect(isSampled(good.slice(0, -2) + flags)).toBe(expected);
});

test.each([
  undefined,
  '',
  good.toUpperCase(),
  good.slice(0, -1),
  `${good}0`,
  `${good}\n`,
  ` ${good}`,
  `${good}, ${good}`,
  `01-${traceId}-${spanId}-01`,
  `ff-${traceId}-${spanId}-01`,
  `${good}-extra`,
  `00-${'0'.repeat(32)}-${spanId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `00-${traceId.slice(1)}g-${spanId}-01`,
  `00-${traceId}-${spanId}-0g`,
  `00-${'١'.repeat(32)}-${spanId}-01`,
  ...[2, 35, 52].map((at) => `${good.slice(0, at)}0${good.slice(at + 1)}`),
  '-'.repeat(55),
])('%j is not one, and begins a new trace', (value) => {
  expect(isTraceparent(value)).toBe(false);
  const { traceparent } = passThroughTracer.start('x', { kind: 'internal', parent: value });
  expect([isTraceparent(traceparent), isSampled(traceparent)]).toEqual([true, false]);
});

test('what we make is well-formed and never twice the same', () => {
  const made = Array.from({ length: 5000 }, (_, index) => newTraceparent(index % 2 === 0));
  expect(made.filter((value) => !isTraceparent(value))).toEqual([]);
  expect(made.filter((value, index) => isSampled(value) !== (index % 2 === 0))).toEqual([]);
  expect(new Set(made.map(traceIdOf)).size).toBe(made.length);
});

test('a span that passes through tells one traceparent however often it is asked', () => {
  const span = passThroughTracer.start('x', { kind: 'internal' });
  expect(span.traceparent).toBe(span.traceparent);
});
