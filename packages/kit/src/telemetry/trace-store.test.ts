import { encodeSpans } from './span-codec.js';
import type { SpanData } from './span-data.js';
import { defaultTraceStoreBounds, TraceStore, type TraceStoreBounds } from './trace-store.js';

const everything = { function: '', durationMsMin: 0, failedOnly: false, limit: 50 };

function storeOf(bounds: Partial<TraceStoreBounds> = {}) {
  const clock = { nowMs: 0 };
  return { clock, store: new TraceStore({ ...defaultTraceStoreBounds, ...bounds }, () => clock.nowMs) };
}

function span(trace: number, over: Partial<SpanData> = {}): SpanData {
  return {
    traceId: String(trace).padStart(32, '0'),
    spanId: '00000000000000aa',
    parentSpanId: '',
    name: 'POST /invoke',
    kind: 'server',
    scope: 'gateway',
    service: 'relais',
    startUs: 1_000_000 + trace,
    durationUs: 2500,
    attributes: { 'faas.name': 'hello', 'faas.invocation.id': `inv${trace}` },
    failed: false,
    statusMessage: '',
    ...over,
  };
}

test('a trace is found by its id and its invocation, with what came encoded, in order of start', () => {
  const { store } = storeOf();
  const behind = [span(1, { scope: 'worker', startUs: 5, attributes: { ok: true, count: 2 } })];
  store.addEncoded(span(1).traceId, Buffer.concat([encodeSpans(behind), encodeSpans([span(1, { startUs: 3 })])]));
  store.add(span(1));
  const found = store.get('inv1');
  expect(found).toEqual({
    traceId: span(1).traceId,
    spansDropped: 0,
    spans: [span(1, { startUs: 3 }), behind[0], span(1)],
  });
  expect(store.get(span(1).traceId)).toEqual(found);
  expect(store.get('inv2')).toBeUndefined();
});

test('the list is newest first and filtered', () => {
  const { store } = storeOf();
  store.add(span(1));
  store.add(span(2, { durationUs: 90_000 }));
  store.add(span(3, { attributes: { 'faas.name': 'other' } }));
  store.add(span(4, { failed: true }));
  const ids = (over: object) => store.list({ ...everything, ...over }).map(({ traceId }) => Number(traceId));
  expect(ids({})).toEqual([4, 3, 2, 1]);
  expect(ids({ limit: 2 })).toEqual([4, 3]);
  expect(ids({ function: 'hello' })).toEqual([4, 2, 1]);
  expect(ids({ durationMsMin: 90 })).toEqual([2]);
  expect(ids({ failedOnly: true })).toEqual([4]);
});

test('every bound holds: traces, bytes, age and spans of one trace', () => {
  const few = storeOf({ tracesMax: 10 }).store;
  for (let trace = 0; trace < 100; trace++) few.add(span(trace));
  expect([few.traceCount, few.get('inv89'), few.get('inv90')?.spans.length]).toEqual([10, undefined, 1]);

  const small = storeOf({ bytesMax: 100_000 }).store;
  for (let trace = 0; trace < 1000; trace++) small.addEncoded(span(trace).traceId, encodeSpans([span(trace)]));
  expect(small.bytes).toBeLessThanOrEqual(100_000);
  expect(small.traceCount).toBeGreaterThan(20);
  small.addEncoded(span(2000).traceId, Buffer.alloc(1_000_000));
  expect(small.traceCount).toBeGreaterThan(20);

  const { clock, store: young } = storeOf({ ageMsMax: 1000 });
  young.add(span(1));
  clock.nowMs = 1001;
  young.add(span(2));
  expect(young.list(everything).map(({ invocationId }) => invocationId)).toEqual(['inv2']);

  const thin = storeOf({ spansPerTraceMax: 3 }).store;
  for (let round = 0; round < 5; round++) thin.add(span(1));
  thin.addEncoded(span(1).traceId, encodeSpans([span(1)]));
  expect(thin.get('inv1')).toMatchObject({ spans: { length: 3 }, spansDropped: 3 });
});

test('a trace that goes on while thousands of others begin is found whole, and listed once', () => {
  const { store } = storeOf({ tracesMax: 800 });
  store.add(span(1, { scope: 'balancer', kind: 'client', name: 'first' }));
  for (let trace = 2; trace < 300; trace++) store.add(span(trace));
  store.addEncoded(span(1).traceId, encodeSpans([span(1, { scope: 'worker', name: 'second' })]));
  store.add(span(1));
  expect(store.get('inv1')?.spans.map(({ name }) => name)).toEqual(['first', 'second', 'POST /invoke']);
  expect(store.spansOf(span(1).traceId)).toHaveLength(3);
  expect(store.list(everything)[0]).toMatchObject({ traceId: span(1).traceId, spanCount: 3 });
  expect(store.list({ ...everything, limit: 1000 })).toHaveLength(299);
});

test('room that forgotten traces leave is written anew without harm to those that stay', () => {
  const { store } = storeOf({ bytesMax: 2_000_000 });
  for (let trace = 0; trace < 20_000; trace++) store.add(span(trace, { name: `call ${trace}` }));
  const kept = store.list({ ...everything, limit: 1000 });
  expect(kept).toHaveLength(1000);
  expect(kept.filter(({ traceId, name }) => name !== `call ${Number(traceId)}`)).toEqual([]);
});

test('what is no span, or of another trace, adds nothing', () => {
  const { store } = storeOf();
  store.add(span(1));
  store.addEncoded(span(1).traceId, Buffer.from([0xff, 0xff, 0xff]));
  store.addEncoded(span(1).traceId, encodeSpans([span(2)]));
  expect(store.get('inv1')?.spans).toHaveLength(1);
});
