import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { MetricRegistry, renderMetrics } from '@relais/kit';
import type { GatewayLimits } from '../limits.js';
import type { DoorFailure } from '../testing/door.js';
import { allDoors } from '../testing/doors.js';
import { answerThat, type Harness, startGateway, until } from '../testing/harness.js';
import { rawExchange } from '../testing/raw.js';

let harness: Harness;

async function start(limits: Partial<GatewayLimits> = {}): Promise<void> {
  await startEmpty(limits);
  await fetch(`${harness.url}/deploy?name=hello&lang=c`, { method: 'POST', body: 'x' });
}

afterEach(() => harness.gateway.stop(0));

async function startEmpty(limits: Partial<GatewayLimits>): Promise<void> {
  harness = await startGateway({ limits });
}

const failureOf = (raw: string) => JSON.parse(raw.slice(raw.indexOf('\r\n\r\n'))).error;

describe('a body over its bound', () => {
  const limits = { sourceBytesMax: 1_000, payloadBytesMax: 1_000 };
  const hundredMiB = 100 * 1024 * 1024;

  const head = 'POST /deploy?name=big&lang=c HTTP/1.1\r\nhost: x\r\n';
  const body = Buffer.alloc(hundredMiB);

  test.each([
    ['announced', [`${head}content-length: ${hundredMiB}\r\n\r\n`, body]],
    ['chunked', [`${head}transfer-encoding: chunked\r\n\r\n${hundredMiB.toString(16)}\r\n`, body, '\r\n0\r\n\r\n']],
  ])('is 413 to a client that first sends all of its 100 MiB, %s', async (_how, parts) => {
    await start(limits);
    const raw = await rawExchange(harness.port, ...parts);
    expect(raw).toMatch(/^HTTP\/1.1 413 /);
    expect(failureOf(raw)).toMatchObject({
      code: 'resource_exhausted',
      reason: 'payload_too_large',
      retryable: false,
      limit: { name: 'sourceBytesMax', limit: 1_000 },
    });
    expect(harness.storage.versions.map((version) => version.name)).toEqual(['hello']);
  });

  test('is cut when it exceeds what we throw away', async () => {
    await start({ ...limits, discardBytesMax: 2_000_000 });
    const sent = rawExchange(harness.port, `${head}content-length: ${hundredMiB}\r\n\r\n`, body);
    await expect(sent).rejects.toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) });
  });

  test('is refused over Connect as well, announced or not', async () => {
    await start(limits);
    const rpc = 'POST /relais.v1.InvocationService/Invoke HTTP/1.1\r\nhost: x\r\nconnection: close\r\n';
    const type = 'content-type: application/json\r\n';
    const chunks = [
      `${rpc}${type}transfer-encoding: chunked\r\n\r\n${hundredMiB.toString(16)}\r\n`,
      body,
      '\r\n0\r\n\r\n',
    ];
    for (const parts of [[`${rpc}${type}content-length: ${hundredMiB}\r\n\r\n`, body], chunks]) {
      expect(await rawExchange(harness.port, ...parts)).toMatch(/^HTTP\/1.1 429 .*"code":"resource_exhausted"/s);
    }
  });

  test('is refused before it is sent to whom asks first', async () => {
    await start(limits);
    const headers = { expect: '100-continue', 'content-length': String(hundredMiB) };
    const request = http.request(`${harness.url}/deploy?name=big&lang=c`, { method: 'POST', headers, agent: false });
    let continued = false;
    request.on('continue', () => {
      continued = true;
    });
    request.flushHeaders();
    const [response] = await once(request, 'response');
    response.resume();
    await once(response, 'close');
    expect([response.statusCode, response.headers.connection, continued]).toEqual([413, 'close', false]);
  });

  test('within its bound is asked for', async () => {
    await start(limits);
    const headers = { expect: '100-continue', 'content-length': '2' };
    const request = http.request(`${harness.url}/invoke?fn=hello`, { method: 'POST', headers, agent: false });
    request.flushHeaders();
    await once(request, 'continue');
    request.end('hi');
    const [response] = await once(request, 'response');
    expect(response.statusCode).toBe(200);
    response.resume();
  });

  test('is 413 over HTTP/2, and the session lives on', async () => {
    await start(limits);
    const session = http2.connect(harness.url);
    const stream = session.request({ ':method': 'POST', ':path': '/invoke?fn=hello' });
    stream.on('error', () => {});
    stream.write(Buffer.alloc(1024 * 1024));
    const [headers] = await once(stream, 'response');
    expect(headers[':status']).toBe(413);
    const next = session.request({ ':path': '/healthz' });
    const [healthy] = await once(next, 'response');
    expect(healthy[':status']).toBe(200);
    session.destroy();
  });
});

test.each(allDoors('http://127.0.0.1:1').map((door) => door.name))(
  'an upload by %s beside one over gRPC stays within their budget',
  async (name) => {
    await start({ bodyBytesInFlightMax: 1_000 });
    const session = http2.connect(harness.url);
    const headers = { 'content-type': 'application/grpc', te: 'trailers' };
    const path = '/relais.v1.InvocationService/Invoke';
    const held = session.request({ ':method': 'POST', ':path': path, ...headers }).on('error', () => {});
    // The head of a message of 5,000 bytes, and some of them.
    held.write(Buffer.concat([Buffer.from([0, 0, 0, 0x13, 0x88]), Buffer.alloc(895)]));
    const door = allDoors(harness.url).find((each) => each.name === name);
    const asked = async () =>
      door?.invoke('hello', 'x'.repeat(200)).then(
        () => 'ok',
        ({ code, reason }: DoorFailure) => `${code} ${reason}`,
      );
    expect(await answerThat(asked, (outcome) => outcome !== 'ok')).toBe('resource_exhausted busy');
    session.destroy();
    await answerThat(asked, (outcome) => outcome === 'ok');
  },
);

describe('a message that comes packed', () => {
  const unpackedBytes = 40_000;
  const invocation = '/relais.v1.InvocationService';
  const message = JSON.stringify({ function: 'hello', payload: Buffer.alloc(unpackedBytes / 2).toString('base64') });
  const envelope = (bytes: Buffer) =>
    Buffer.concat([Buffer.from([1, 0, 0, bytes.length >> 8, bytes.length & 255]), bytes]);
  const inEnvelope = { 'content-type': 'application/grpc-web+json', 'grpc-encoding': 'gzip' };
  const send = (path: string, headers: Record<string, string>, body: Buffer) =>
    fetch(`${harness.url}${path}`, { method: 'POST', headers, body });
  const kinds = {
    'Connect and gzip': (text: string) => ({
      path: `${invocation}/Invoke`,
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync(text),
    }),
    'Connect and brotli': (text: string) => ({
      path: `${invocation}/Invoke`,
      headers: { 'content-type': 'application/json', 'content-encoding': 'br' },
      body: brotliCompressSync(text),
    }),
    'gRPC-Web': (text: string) => ({
      path: `${invocation}/Invoke`,
      headers: inEnvelope,
      body: envelope(gzipSync(text)),
    }),
    'gRPC-Web, to a stream': (text: string) => ({
      path: `${invocation}/InvokeStream`,
      headers: inEnvelope,
      body: envelope(gzipSync(text)),
    }),
  };

  test.each(Object.entries(kinds))('by %s takes what it has become of the budget', async (_name, packed) => {
    await start({ bodyBytesInFlightMax: unpackedBytes });
    const { body, headers, path } = packed(message);
    const { promise: end, resolve: finish } = Promise.withResolvers<void>();
    harness.dispatch.functions.set('hello', () => end.then(() => ({ output: '' })));
    const held = send(path, headers, body).then((answer) => answer.text());
    await until(() => harness.dispatch.jobs.length === 2);
    const refused = await send(path, headers, body);
    expect(`${refused.status} ${await refused.text()} ${[...refused.headers]}`).toMatch(/429|grpc-status\W+8/);
    const small = Array.from({ length: 50 }, () => {
      const one = packed('{"function":"hello","payload":""}');
      return send(one.path, one.headers, one.body).then((answer) => answer.text());
    });
    await until(() => harness.dispatch.jobs.length === 52);
    finish();
    await held;
    for (const text of await Promise.all(small)) expect(text).not.toMatch(/resource_exhausted|grpc-status\W+8/);
    const again = await answerThat(
      async () => {
        const answer = await send(path, headers, body);
        return `${answer.status} ${await answer.text()}`;
      },
      (text) => !/429|grpc-status\W+8/.test(text),
    );
    expect(again).toMatch(/^200/);
  });
});

test('a call that is answered holds nothing of the budget', async () => {
  const metrics = new MetricRegistry();
  harness = await startGateway({ metrics });
  await fetch(`${harness.url}/deploy?name=hello&lang=c`, { method: 'POST', body: 'x' });
  const held = () => renderMetrics(metrics.families(), 'prometheus').match(/^relais_request_bodies_bytes (.*)$/m)?.[1];
  const seen: unknown[] = [];
  harness.dispatch.functions.set('hello', () => {
    seen.push(Number(held()) >= 200);
    return { output: '' };
  });
  for (const door of allDoors(harness.url)) await door.invoke('hello', 'x'.repeat(200));
  expect(seen).toEqual([true, true, true, true]);
  await until(() => held() === '0');
});

test('uploads together stay within their budget', async () => {
  await start({ bodyBytesInFlightMax: 1_000 });
  const held = http.request(`${harness.url}/invoke?fn=hello`, { method: 'POST', agent: false });
  held.on('error', () => {});
  held.write('x'.repeat(900));
  const statusOfOne = async () =>
    (await fetch(`${harness.url}/invoke?fn=hello`, { method: 'POST', body: 'x'.repeat(200) })).status;
  expect(await answerThat(statusOfOne, (status) => status !== 200)).toBe(429);
  held.destroy();
  expect(await answerThat(statusOfOne, (status) => status !== 429)).toBe(200);
});
