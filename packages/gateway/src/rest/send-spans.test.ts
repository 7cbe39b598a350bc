import { gzipSync } from 'node:zlib';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { silentLogger, startTelemetry, type Telemetry } from '@relais/kit';
import { answerThat, type Harness, startGateway } from '../testing/harness.js';

const traceId = 'ab'.repeat(16);
const callerSpan = '12'.repeat(8);
const startNs = 1_700_000_000_000_000_001n;

let telemetry: Telemetry;
let harness: Harness;

beforeEach(async () => {
  const options = { serviceName: 'relais', version: '1', exporter: undefined, logger: silentLogger };
  telemetry = await startTelemetry({ ...options, sampleRatio: 0, traces: 'keep' });
  const { carrier, intake, tracer, traces } = telemetry;
  harness = await startGateway({ tracer: tracer('gateway'), carrier, intake, traces });
  await ask('POST', '/deploy?name=hello&lang=c', 'int main(void) { return 0; }');
});

afterEach(() => harness.gateway.stop(0));

async function ask(method: string, path: string, body: string | Buffer, headers: Record<string, string> = {}) {
  const answer = await fetch(harness.url + path, { method, headers, body: body as string });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, type: answer.headers.get('content-type'), bytes, text: bytes.toString() };
}

const call = (id = traceId) => ask('POST', '/invoke?fn=hello', '{}', { traceparent: `00-${id}-${callerSpan}-01` });

function spanJson(over: object = {}) {
  return {
    ...{ traceId, spanId: callerSpan, name: 'checkout', kind: 3, status: { code: 2, message: 'no stock' } },
    startTimeUnixNano: String(startNs),
    endTimeUnixNano: String(startNs + 1_500_000n),
    attributes: [
      { key: 'items', value: { intValue: '3' } },
      { key: 'http.route', value: { stringValue: '/cart' } },
      { key: 'faas.name', value: { stringValue: 'other' } },
      { key: 'relais.fault', value: { stringValue: 'platform' } },
    ],
    ...over,
  };
}

function exportJson(spans: readonly object[], service = 'shop') {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] };
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'http' }, spans }] }] });
}

const send = (body: string | Buffer, headers: Record<string, string> = {}) =>
  ask('POST', '/v1/traces', body, { 'content-type': 'application/json', ...headers });
const kept = (id = traceId) => telemetry.traces?.get(id)?.spans ?? [];
const sent = () => kept().filter(({ scope }) => scope === 'user');

const expected = {
  ...{
    traceId,
    spanId: callerSpan,
    parentSpanId: '',
    name: 'checkout',
    kind: 'client',
    scope: 'user',
    service: 'shop',
  },
  ...{ startUs: Number(startNs) / 1000, durationUs: 1500, failed: true, statusMessage: 'no stock' },
  attributes: { 'otel.scope.name': 'http', items: 3, 'http.route': '/cart' },
};

test('a span sent as JSON joins the trace of its call, marked as not ours', async () => {
  await call();
  const answer = await send(exportJson([spanJson()]));
  expect([answer.status, answer.type, answer.text]).toEqual([200, 'application/json', '{}']);
  expect(sent()).toEqual([
    { ...expected, startUs: expect.closeTo(expected.startUs, 0), durationUs: expect.closeTo(1500, 0) },
  ]);
  expect(kept().find(({ scope }) => scope === 'gateway')?.parentSpanId).toBe(callerSpan);
});

test('a span sent as protobuf, packed with gzip, joins it the same', async () => {
  await call();
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' };
  const answer = await send(gzipSync(exportProtobuf()), headers);
  expect([answer.status, answer.type, answer.bytes.length]).toEqual([200, 'application/x-protobuf', 0]);
  expect(sent()).toEqual([
    { ...expected, startUs: expect.closeTo(expected.startUs, 0), durationUs: expect.closeTo(1500, 0) },
  ]);
  const again = await send(exportProtobuf(), { 'content-type': 'application/x-protobuf' });
  // PartialSuccess: one rejected, and a message.
  expect(again.bytes.subarray(3, 6)).toEqual(Buffer.from([8, 1, 18]));
});

test('nothing joins a trace that is not known here, or takes the id of a span that is there', async () => {
  await call();
  const own = kept().find(({ scope }) => scope === 'gateway')?.spanId;
  const spans = [
    spanJson({ traceId: 'ef'.repeat(16) }),
    spanJson({ spanId: own }),
    spanJson({ spanId: 'aa'.repeat(8) }),
    spanJson({ spanId: 'aa'.repeat(8) }),
    spanJson({ traceId: 'short' }),
    spanJson({ spanId: '0'.repeat(16) }),
    spanJson({ parentSpanId: callerSpan }),
    spanJson({ endTimeUnixNano: '1' }),
  ];
  const { partialSuccess } = JSON.parse((await send(exportJson(spans))).text);
  expect(partialSuccess).toEqual({ rejectedSpans: '7', errorMessage: expect.stringContaining('Left out') });
  expect(sent().map(({ spanId }) => spanId)).toEqual(['aa'.repeat(8)]);
  expect(kept('ef'.repeat(16))).toEqual([]);
});

test('nobody passes for the platform', async () => {
  await call();
  await send(exportJson([spanJson({ kind: 2 })], 'relais-worker'));
  expect(sent()).toMatchObject([{ kind: 'server', scope: 'user', service: 'user' }]);
  const listed = telemetry.traces?.list({ function: '', durationMsMin: 0, failedOnly: false, limit: 9 });
  expect(listed?.map(({ name }) => name)).toEqual(['POST /invoke']);
});

test('a call under way takes spans, also of kind server, until it has ended and after', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  harness.dispatch.functions.set('hello', async () => {
    await promise;
    return { output: 'done' };
  });
  const running = call();
  const spans = ['a', 'b', 'c'].map((digit) => spanJson({ spanId: digit.repeat(16), kind: 2 }));
  const answers: string[] = [];
  const offer = () => send(exportJson([spans[0] ?? {}]));
  answers.push((await answerThat(offer, ({ text }) => text === '{}')).text);
  answers.push((await send(exportJson([spans[1] ?? {}]))).text);
  resolve();
  await running;
  answers.push((await send(exportJson([spans[2] ?? {}]))).text);
  expect(answers.slice(-3)).toEqual(['{}', '{}', '{}']);
  expect(
    kept()
      .map(({ scope }) => scope)
      .sort(),
  ).toEqual(['gateway', 'user', 'user', 'user']);
});

test('a trace and a request take so many and no more', async () => {
  await call();
  const many = Array.from({ length: 1100 }, (_, n) => spanJson({ spanId: String(n + 1).padStart(16, '0') }));
  const { partialSuccess } = JSON.parse((await send(exportJson(many))).text);
  expect([partialSuccess.rejectedSpans, sent().length]).toEqual(['900', 200]);
});

test.each([
  ['another content type', 'x', { 'content-type': 'text/plain' }, 400, 'bad_content_type'],
  ['no JSON', '{', {}, 400, 'bad_spans'],
  ['no protobuf', '\xff\xff', { 'content-type': 'application/x-protobuf' }, 400, 'bad_spans'],
  ['no gzip', 'x', { 'content-encoding': 'gzip' }, 400, 'bad_spans'],
  ['another packing', 'x', { 'content-encoding': 'br' }, 400, 'bad_spans'],
  ['too much', Buffer.alloc(1024 * 1024 + 1, 32), {}, 413, 'payload_too_large'],
  [
    'too much when unpacked',
    gzipSync(Buffer.alloc(2 * 1024 * 1024)),
    { 'content-encoding': 'gzip' },
    413,
    'payload_too_large',
  ],
])('%s is refused', async (_what, body, headers, status, reason) => {
  const answer = await send(body, headers);
  expect([answer.status, JSON.parse(answer.text).error.reason]).toEqual([status, reason]);
});

test.each(['{}', '[]', 'null', '{"resourceSpans":7}', '{"resourceSpans":[null,{"scopeSpans":[{"spans":[1]}]}]}'])(
  'JSON of another shape, %s, is an export of no spans',
  async (body) => {
    expect((await send(body)).status).toBe(200);
  },
);

test('where keys are asked for, sending spans needs one', async () => {
  const { intake } = telemetry;
  const adminKey = `rlk_${'a'.repeat(64)}`;
  const { gateway, url } = await startGateway({ intake, keys: { adminKey } });
  const init = { method: 'POST', body: exportJson([spanJson()]) };
  const headers = { 'content-type': 'application/json' };
  const { status } = await fetch(`${url}/v1/traces`, { ...init, headers });
  const admitted = await fetch(`${url}/v1/traces`, { ...init, headers: { ...headers, 'x-relais-key': adminKey } });
  await gateway.stop(0);
  expect([status, admitted.status]).toEqual([401, 200]);
});

test('an export begins no trace of its own', async () => {
  await call();
  await send(exportJson([spanJson()]), { traceparent: `00-${'cd'.repeat(16)}-${callerSpan}-01` });
  expect(kept('cd'.repeat(16))).toEqual([]);
});

/** The same as spanJson, as OTLP's protobuf has it. */
function exportProtobuf(): Buffer {
  const writer = new BinaryWriter();
  const within = (field: number, write: () => void) => {
    writer.tag(field, 2).fork();
    write();
    writer.join();
  };
  const text = (field: number, value: string) => writer.tag(field, 2).string(value);
  const attribute = (field: number, key: string, write: () => void) =>
    within(field, () => {
      text(1, key);
      within(2, write);
    });
  within(1, () => {
    within(1, () => attribute(1, 'service.name', () => text(1, 'shop')));
    within(2, () => {
      within(1, () => text(1, 'http'));
      within(2, () => {
        writer.tag(1, 2).bytes(Buffer.from(traceId, 'hex')).tag(2, 2).bytes(Buffer.from(callerSpan, 'hex'));
        text(3, 'a=b');
        text(5, 'checkout')
          .tag(6, 0)
          .int32(3)
          .tag(7, 1)
          .fixed64(startNs)
          .tag(8, 1)
          .fixed64(startNs + 1_500_000n);
        attribute(9, 'items', () => writer.tag(3, 0).int64(3));
        attribute(9, 'http.route', () => text(1, '/cart'));
        attribute(9, 'faas.name', () => text(1, 'other'));
        within(15, () => text(2, 'no stock').tag(3, 0).int32(2));
      });
    });
  });
  return Buffer.from(writer.finish());
}
