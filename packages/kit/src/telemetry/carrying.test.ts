import { RelaisError } from '../errors/relais-error.js';
import { silentLogger } from '../logging/logger.js';
import type { CallContext } from '../rpc/context.js';
import { ManualClock } from '../time/manual-clock.js';
import { RootSampler } from './root-sampler.js';
import { decodeSpans } from './span-codec.js';
import type { SpanData } from './span-data.js';
import { SpanShelf } from './span-shelf.js';
import { startTelemetry } from './start-telemetry.js';
import { tracedService } from './traced-service.js';
import { isSampled, newTraceparent, spanIdOf, traceIdOf } from './traceparent.js';

const common = { version: '1', exporter: undefined, logger: silentLogger };

test('spans of three processes meet where traces are kept', async () => {
  const gateway = await startTelemetry({ ...common, serviceName: 'relais', sampleRatio: 1, traces: 'keep' });
  const balancer = await startTelemetry({ ...common, serviceName: 'relais', sampleRatio: 0, traces: 'carry' });
  const worker = await startTelemetry({ ...common, serviceName: 'relais-worker', sampleRatio: 0, traces: 'carry' });
  const root = gateway.tracer('gateway').start('POST /invoke', { kind: 'server' });
  const sent = balancer.tracer('balancer').start('dispatch', { kind: 'client', parent: root.traceparent });
  worker.tracer('worker').start('run', { kind: 'server', parent: sent.traceparent }).end();
  const fromWorker = worker.carrier.take(sent.traceparent) ?? Buffer.alloc(0);
  sent.end();
  const fromBalancer = balancer.carrier.take(root.traceparent) ?? Buffer.alloc(0);
  gateway.carrier.give(root.traceparent, Buffer.concat([fromWorker, fromBalancer]));
  root.end();
  const spans = gateway.traces?.get(traceIdOf(root.traceparent))?.spans ?? [];
  const byScope = new Map(spans.map((span) => [span.scope, span]));
  expect([byScope.get('worker')?.parentSpanId, byScope.get('balancer')?.parentSpanId]).toEqual([
    spanIdOf(sent.traceparent),
    spanIdOf(root.traceparent),
  ]);
  expect([spans.length, byScope.get('worker')?.service]).toEqual([3, 'relais-worker']);
  expect(worker.carrier.take(sent.traceparent)).toBeUndefined();
});

test('a request nobody sampled can be kept until its end, with its children', async () => {
  const { traces, tracer } = await startTelemetry({ ...common, serviceName: 'relais', sampleRatio: 0, traces: 'keep' });
  const gateway = tracer('gateway');
  const options = { kind: 'server', attributes: { 'http.route': '/invoke' } } as const;
  gateway.start('POST /invoke', options).end(new RelaisError('internal', 'Lost.'));
  expect(traces?.traceCount).toBe(0);
  const root = gateway.start('POST /invoke', options);
  const handedOut = root.traceparent;
  gateway.start('queue', { kind: 'internal', parent: root.keep() }).end();
  root.set({ 'faas.name': 'hello' });
  root.end(new RelaisError('internal', 'Lost.'));
  const [first, second] = [...(traces?.get(traceIdOf(handedOut))?.spans ?? [])].sort((a) =>
    a.kind === 'server' ? -1 : 1,
  );
  expect(isSampled(handedOut)).toBe(false);
  expect(first).toMatchObject({ spanId: spanIdOf(handedOut), failed: true, parentSpanId: '' });
  expect(first?.attributes).toMatchObject({ 'http.route': '/invoke', 'faas.name': 'hello', 'error.type': 'internal' });
  expect(second).toMatchObject({ name: 'queue', parentSpanId: spanIdOf(handedOut) });
});

test('a kept request continues the trace of a caller that does not sample', async () => {
  const { traces, tracer } = await startTelemetry({ ...common, serviceName: 'relais', sampleRatio: 0, traces: 'keep' });
  const parent = newTraceparent(false);
  const root = tracer('gateway').start('POST /invoke', { kind: 'server', parent });
  root.keep();
  root.end();
  const [kept] = traces?.get(traceIdOf(parent))?.spans ?? [];
  expect(kept?.parentSpanId).toBe(spanIdOf(parent));
  expect(kept?.spanId).not.toBe(spanIdOf(parent));
});

test('what a call that lasts has already is held until its answer leaves', () => {
  const clock = new ManualClock();
  const left: SpanData[] = [];
  const shelf = new SpanShelf(clock, { add: (span) => left.push(span) });
  const traceparent = newTraceparent(true);
  shelf.add(spanOf(traceIdOf(traceparent)));
  clock.advance(899_000);
  shelf.add(spanOf('2'));
  expect([left, decodeSpans(shelf.take(traceparent) ?? Buffer.alloc(0))]).toEqual([
    [],
    [spanOf(traceIdOf(traceparent))],
  ]);
});

test('what no answer takes is let go when that is said, after a while, and when too much waits', () => {
  const clock = new ManualClock();
  const left: SpanData[] = [];
  const shelf = new SpanShelf(clock, { add: (span) => left.push(span) });
  const traceparent = newTraceparent(true);
  shelf.add(spanOf(traceIdOf(traceparent)));
  shelf.leave(traceparent);
  expect([left.splice(0), shelf.take(traceparent)]).toEqual([[spanOf(traceIdOf(traceparent))], undefined]);
  shelf.add(spanOf('1'));
  clock.advance(901_000);
  shelf.add(spanOf('2'));
  expect(left).toEqual([spanOf('1')]);
  for (let trace = 3; trace < 20_000; trace++) shelf.add(spanOf(String(trace)));
  expect(left.length).toBe(19_999 - 10_000);
  shelf.flush();
  expect(left.length).toBe(19_999);
});

test('what comes with an answer leaves with the next one of its trace', async () => {
  const storage = await startTelemetry({ ...common, serviceName: 'relais', sampleRatio: 0, traces: 'carry' });
  const worker = await startTelemetry({ ...common, serviceName: 'relais-worker', sampleRatio: 0, traces: 'carry' });
  const parent = newTraceparent(true);
  const service = { getThing: async (_: unknown, { traceparent }: CallContext) => traceparent };
  const definition = { getThing: { path: '/relais.Things/GetThing' } };
  const traced = tracedService('storage', [definition], service, storage.tracer('storage'));
  const inner = await traced.getThing(undefined, { budgetMs: 1, traceparent: parent });
  worker.carrier.give(parent, storage.carrier.take(parent) ?? Buffer.alloc(0));
  worker.carrier.give(parent, Buffer.from('no spans'));
  const [span, ...others] = decodeSpans(worker.carrier.take(parent) ?? Buffer.alloc(0));
  expect(span).toMatchObject({ name: 'storage getThing', scope: 'storage', parentSpanId: spanIdOf(parent) });
  expect(span?.attributes).toMatchObject({ 'rpc.service': 'relais.Things', 'rpc.method': 'GetThing' });
  expect([spanIdOf(inner ?? ''), others]).toEqual([span?.spanId, []]);
});

test.each([
  ['of no trace', ''],
  ['of a trace that is not sampled', newTraceparent(false)],
])('a call %s has no span of its service', async (_what, traceparent) => {
  const storage = await startTelemetry({ ...common, serviceName: 'relais', sampleRatio: 1, traces: 'keep' });
  const service = { getThing: async (_: unknown, context: CallContext) => context.traceparent };
  const definition = { getThing: { path: '/relais.Things/GetThing' } };
  const traced = tracedService('storage', [definition], service, storage.tracer('storage'));
  expect(await traced.getThing(undefined, { budgetMs: 1, traceparent })).toBe(traceparent);
  expect(storage.traces?.traceCount).toBe(0);
});

test('no more new traces are sampled each second than may be', () => {
  const sampler = new RootSampler({ sampleRatio: 1, tracesPerSecondMax: 5, random: Math.random });
  const kept = (count: number, atMs: number) =>
    Array.from({ length: count }, () => sampler.sample(atMs)).filter(Boolean);
  expect([kept(100, 0).length, kept(100, 400).length, kept(100, 60_000).length]).toEqual([5, 2, 5]);
});

function spanOf(traceId: string): SpanData {
  const times = { startUs: 1, durationUs: 1 };
  const said = { name: 'run', scope: 'worker', service: 'relais-worker', attributes: {}, statusMessage: '' };
  return { traceId, spanId: 'ab'.repeat(8), parentSpanId: '', kind: 'internal', failed: false, ...times, ...said };
}
