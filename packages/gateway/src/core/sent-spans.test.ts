import { newTraceparent, type SpanData, silentLogger, startTelemetry } from '@relais/kit';
import { SentSpans } from './sent-spans.js';

const caller = { traceparent: newTraceparent(false) };
const traceId = 'ab'.repeat(16);

function span(over: Partial<SpanData> = {}): SpanData {
  return {
    ...{ traceId, spanId: '12'.repeat(8), parentSpanId: '', name: 'n', kind: 'internal', scope: 'user', service: 's' },
    ...{ startUs: 1, durationUs: 1, attributes: {}, failed: false, statusMessage: '' },
    ...over,
  };
}

const start = () =>
  startTelemetry({
    ...{ serviceName: 'relais', version: '1', exporter: undefined, logger: silentLogger },
    ...{ sampleRatio: 0, traces: 'keep' },
  });

test('a key for some functions adds to the traces of those, once their call has ended', async () => {
  const { intake, tracer } = await start();
  const sentSpans = new SentSpans(intake);
  const takenWith = (...functions: string[]) =>
    sentSpans.take([span({ spanId: String(functions.length).repeat(16) })], {
      ...caller,
      functions: new Set(functions),
    });
  const root = tracer('gateway').start('POST /invoke', {
    kind: 'server',
    parent: `00-${traceId}-${'34'.repeat(8)}-01`,
  });
  expect([takenWith('hello'), takenWith('other')]).toEqual([0, 0]);
  root.set({ 'faas.name': 'hello' });
  root.end();
  expect([takenWith('other'), takenWith('hello'), takenWith('hello', 'other')]).toEqual([0, 1, 1]);
});

test('without a place for traces nothing is taken', () => {
  expect(new SentSpans(undefined).take([span()], caller)).toBe(0);
});
