import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { invocation } from '@relais/contracts/edge';
import { RelaisError, systemClock } from '@relais/kit';
import { defaultGatewayLimits } from '../limits.js';
import { BodyBudget } from '../net/body-budget.js';
import type { ServerRequest } from '../net/messages.js';
import { type Harness, startGateway, until } from '../testing/harness.js';
import { invokePath, PlainInvoke } from './plain-invoke.js';

const { InvokeRequestSchema, InvokeResponseSchema } = invocation;

let harness: Harness;

beforeEach(async () => {
  harness = await startGateway();
  await fetch(`${harness.url}/deploy?name=hello&lang=c`, { method: 'POST', body: 'x' });
});

afterEach(() => harness.gateway.stop(0));

/** Any word on compression makes a call one for the RPC library. */
const byLibrary = { 'content-encoding': 'identity' };

async function call(body: string | Buffer, headers: Record<string, string>) {
  const answer = await fetch(harness.url + invokePath, { method: 'POST', headers, body });
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

/** An answer without what differs from call to call. */
function comparable({ bytes, headers, status }: Awaited<ReturnType<typeof call>>) {
  const names = [...headers.keys()].filter((name) => !['date', 'content-length', 'accept-encoding'].includes(name));
  const text = bytes
    .toString('latin1')
    .replace(/[0-9a-f]{32}/g, 'ID')
    .replace(/"durationMs":[\d.e-]+/, '"durationMs":N')
    .replace(/"value":"[^"]*"/, '"value":"DETAIL"')
    .replace(/"debug":\{.*?\}/, '"debug":{}');
  return { status, names: names.sort(), type: headers.get('content-type'), text };
}

const json = { 'content-type': 'application/json' };

test.each([
  ['json', '{"function":"hello","json":{"a":[1,null,"ü"]}}'],
  ['text', '{"function":"hello","text":"hi"}'],
  ['data', '{"function":"hello","data":"aGk="}'],
  ['no payload', '{"function":"hello"}'],
  ['a field nobody knows', '{"function":"hello","text":"a","more":[1,{"b":2}]}'],
  ['a mark of its byte order', '\ufeff{"function":"hello","text":"hi"}'],
  ['text that is not JSON', '{"function":'],
  ['nothing', ''],
  ['a field of another kind', '{"function":7}'],
  ['two payloads', '{"function":"hello","text":"a","data":"aGk="}'],
  ['depth', `{"function":"hello","json":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
  ['bytes that are no UTF-8', Buffer.from('7b2266756e6374696f6e223a2268656c6c6f222c2274657874223a22ff227d', 'hex')],
  ['no function', '{"text":"hi"}'],
  ['an unknown function', '{"function":"nobody","text":"hi"}'],
])('a message with %s is answered as the RPC library answers it', async (_what, body) => {
  const plain = await call(body, json);
  const library = await call(body, { ...json, ...byLibrary });
  expect(comparable(plain)).toEqual(comparable(library));
});

test.each([
  ['json', {}, true],
  ['protobuf', { 'content-type': 'application/proto' }, true],
  ['another type', { 'content-type': 'application/json; charset=utf-8' }, false],
  ['a deadline', { 'connect-timeout-ms': '60000' }, true],
  ['a deadline of no time', { 'connect-timeout-ms': '0' }, false],
  ['no compression, told so', byLibrary, false],
  ['compression', { 'content-encoding': 'gzip' }, false],
  ['a length unknown', { 'content-length': undefined }, false],
  ['more than a payload', { 'content-length': '999999999' }, false],
  ['a word to wait for', { expect: '100-continue' }, false],
  ['another version', { 'connect-protocol-version': '2' }, false],
])('whether a call with %s is plain', (_what, differing, expected) => {
  const notCalled = () => {
    throw new Error('not called');
  };
  const room = { limits: defaultGatewayLimits, bodies: new BodyBudget(1) };
  const plain = new PlainInvoke(room, systemClock, notCalled, notCalled);
  const headers = { ...json, 'content-length': '9', ...differing };
  const request = { method: 'POST', httpVersionMajor: 1, headers } as unknown as ServerRequest;
  expect(plain.takes(request, invokePath)).toBe(expected);
  expect(plain.takes(request, `${invokePath}Stream`)).toBe(false);
});

test('a function that fails is told as the RPC library tells it', async () => {
  harness.dispatch.functions.set('hello', () => {
    throw new RelaisError('aborted', 'It failed.', { reason: 'function_failed' });
  });
  const body = '{"function":"hello","text":"hi"}';
  const plain = await call(body, json);
  expect(plain.status).toBe(409);
  expect(comparable(plain)).toEqual(comparable(await call(body, { ...json, ...byLibrary })));
});

test("a job that ends with its caller's own deadline is told so either way", async () => {
  harness.dispatch.functions.set('hello', (_work, { budgetMs }) => {
    throw new RelaisError('deadline_exceeded', `After ${budgetMs > 0}.`, { reason: 'timeout' });
  });
  const body = '{"function":"hello","text":"hi"}';
  const deadline = { ...json, 'connect-timeout-ms': '5000' };
  const plain = await call(body, deadline);
  expect(JSON.parse(plain.bytes.toString())).toMatchObject({
    code: 'deadline_exceeded',
    message: 'The deadline that came with the request has passed.',
  });
  expect(comparable(plain)).toEqual(comparable(await call(body, { ...deadline, ...byLibrary })));
  expect(harness.dispatch.jobs.at(-1)?.budgetMs).toBeLessThanOrEqual(5000);
  const ownLimit = await call(body, json);
  expect(JSON.parse(ownLimit.bytes.toString()).message).toBe('After true.');
});

test('protobuf is read and written', async () => {
  const type = { 'content-type': 'application/proto' };
  const message: MessageInitShape<typeof InvokeRequestSchema> = {
    function: 'hello',
    payload: { case: 'data', value: Buffer.from('hi') },
  };
  const { bytes, headers, status } = await call(
    Buffer.from(toBinary(InvokeRequestSchema, create(InvokeRequestSchema, message))),
    type,
  );
  expect(status).toBe(200);
  const answer = fromBinary(InvokeResponseSchema, bytes);
  expect(answer.output).toEqual({ case: 'data', value: new Uint8Array(Buffer.from('hi')) });
  expect(answer.invocationId).toBe(headers.get('x-relais-invocation-id'));
  const truncated = Buffer.from([10, 200]);
  expect(comparable(await call(truncated, type))).toEqual(comparable(await call(truncated, { ...type, ...byLibrary })));
});

test('a long answer is compressed for those who can read that', async () => {
  const body = JSON.stringify({ function: 'hello', text: 'x'.repeat(5000) });
  const target = new URL(invokePath, harness.url);
  const raw = await new Promise<{ encoding: string | undefined; bytes: Buffer }>((resolve, reject) => {
    const headers = { ...json, 'accept-encoding': 'gzip' };
    const sent = request(target, { method: 'POST', headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ encoding: response.headers['content-encoding'], bytes: Buffer.concat(chunks) }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
  expect(raw.encoding).toBe('gzip');
  expect(raw.bytes.length).toBeLessThan(1000);
  expect(JSON.parse(gunzipSync(raw.bytes).toString()).text).toHaveLength(5000);
});

test('a caller that goes stops its job', async () => {
  const gone = new AbortController();
  let running = false;
  let stopped = false;
  harness.dispatch.functions.set('hello', (_work, _job, { signal }) => {
    running = true;
    return new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        stopped = true;
        reject(new RelaisError('cancelled', 'Gone.'));
      });
    });
  });
  const { signal } = gone;
  const body = '{"function":"hello","text":"hi"}';
  const asking = fetch(harness.url + invokePath, { method: 'POST', headers: json, body, signal });
  await until(() => running);
  gone.abort();
  await expect(asking).rejects.toThrow('aborted');
  await until(() => stopped);
});
