import { newTraceparent, type RelaisError, type SpanStart, spanIdOf } from '@relais/kit';
import { parseUserSpan } from '../processes/user-spans.js';
import { traceUserSpans } from './trace-user-spans.js';

const parent = newTraceparent(true);
const id = (digit: string) => digit.repeat(16);

function traced(said: readonly object[]) {
  const seen: { name: string; start: SpanStart; failure: RelaisError | undefined; atMs: number | undefined }[] = [];
  const tracer = {
    start(name: string, start: SpanStart) {
      return {
        ...{ traceparent: parent, recording: true, set: () => {}, keep: () => parent },
        end: (failure?: RelaisError, atMs?: number) => void seen.push({ name, start, failure, atMs }),
      };
    },
  };
  const spans = said.map(parseUserSpan).filter((span) => span !== undefined);
  traceUserSpans(tracer, spans, { parent, beganMs: 100, endMs: 150 });
  return seen;
}

test('spans of user code hang on each other and on the run, within its time', () => {
  const [inner, outer] = traced([
    { spanId: id('a'), parentSpanId: id('b'), name: 'inner', offsetMs: 10, durationMs: 5, failed: true },
    { spanId: id('b'), parentSpanId: spanIdOf(parent), name: 'outer', offsetMs: 1, durationMs: 1000 },
  ]);
  expect(spanIdOf(inner?.start.parent ?? '')).toBe(id('b'));
  expect(inner).toMatchObject({ start: { startMs: 110, spanId: id('a') }, atMs: 115, failure: { code: 'aborted' } });
  expect(outer).toMatchObject({ start: { startMs: 101, parent }, atMs: 150, failure: undefined });
});

test('a parent that is nobody, or itself, is the run', () => {
  const spans = traced([
    { spanId: id('a'), parentSpanId: id('f'), name: 'lost', offsetMs: 1, durationMs: 1 },
    { spanId: id('b'), parentSpanId: id('b'), name: 'own', offsetMs: 9e9, durationMs: 1 },
  ]);
  expect(spans.map(({ start }) => start.parent)).toEqual([parent, parent]);
  expect(spans[1]).toMatchObject({ start: { startMs: 150 }, atMs: 150 });
});

test('spans that go round in a circle, that are told twice, or that take the id of the run break no trace', () => {
  const shape = { offsetMs: 1, durationMs: 1 };
  const spans = traced([
    { ...shape, spanId: id('a'), parentSpanId: id('b'), name: 'a' },
    { ...shape, spanId: id('b'), parentSpanId: id('c'), name: 'b' },
    { ...shape, spanId: id('c'), parentSpanId: id('b'), name: 'c' },
    { ...shape, spanId: id('a'), parentSpanId: id('c'), name: 'twice' },
    { ...shape, spanId: spanIdOf(parent), parentSpanId: id('a'), name: 'the run' },
  ]);
  expect(spans.map(({ name, start }) => [name, start.parent])).toEqual([
    ['a', parent],
    ['b', parent],
    ['c', parent],
  ]);
});

test.each([
  [null],
  ['x'],
  [{ spanId: id('0'), name: 'x', offsetMs: 1, durationMs: 1 }],
  [{ spanId: 'short', name: 'x', offsetMs: 1, durationMs: 1 }],
  [{ spanId: id('a'), name: 1, offsetMs: 1, durationMs: 1 }],
  [{ spanId: id('a'), name: 'x', offsetMs: -1, durationMs: 1 }],
  [{ spanId: id('a'), name: 'x', offsetMs: 1 }],
])('what is no span is left out: %j', (said) => {
  expect(parseUserSpan(said)).toBeUndefined();
});

test('what the platform says of a call is not for its function to say', () => {
  const attributes = { 'faas.name': 'other', 'relais.fault': 'platform', 'db.system': 'sqlite' };
  const span = parseUserSpan({ spanId: id('a'), name: 'x', offsetMs: 0, durationMs: 0, attributes });
  expect(span?.attributes).toEqual({ 'db.system': 'sqlite' });
});

test('names and attributes are bounded, and of plain kinds', () => {
  const attributes = {
    ...Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, 'v'.repeat(1000)])),
    o: {},
  };
  const span = parseUserSpan({ spanId: id('a'), name: 'n'.repeat(1000), offsetMs: 0, durationMs: 0, attributes });
  expect([span?.name.length, Object.keys(span?.attributes ?? {}).length]).toEqual([256, 16]);
  expect(Object.values(span?.attributes ?? {}).every((value) => String(value).length <= 256)).toBe(true);
});
