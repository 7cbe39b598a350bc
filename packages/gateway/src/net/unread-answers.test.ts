import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type { GatewayLimits } from '../limits.js';
import { type Harness, startGateway } from '../testing/harness.js';

const mib = 1024 * 1024;

let harness: Harness;
const sessions: http2.ClientHttp2Session[] = [];

/** A gateway with a function that answers so many bytes of text. */
async function start(outputBytes: number, limits: Partial<GatewayLimits> = {}): Promise<void> {
  harness = await startGateway({ limits });
  await fetch(`${harness.url}/deploy?name=big&lang=js`, { method: 'POST', body: 'x' });
  harness.dispatch.functions.set('big', () => ({ output: Buffer.alloc(outputBytes, 'x') }));
}

afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  await harness.gateway.stop(0);
});

/** An answer of which the head is there, and nothing else is read before it is asked for. */
interface Unread {
  /** Bytes of the whole body; rejects when it breaks off. */
  read(): Promise<number>;
}

const rest = '/invoke?fn=big';
const rpc = '/relais.v1.InvocationService/Invoke';
const call = '{"function":"big","text":""}';
const envelope = Buffer.concat([Buffer.from([0, 0, 0, 0, call.length]), Buffer.from(call)]);

async function overHttp1(path: string, type: string, body: string | Buffer): Promise<Unread> {
  const headers = { 'content-type': type };
  const request = http.request(harness.url + path, { method: 'POST', agent: false, headers });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return unread(response);
}

async function overHttp2(path: string, type: string, body: string | Buffer): Promise<Unread> {
  const session = http2.connect(harness.url);
  sessions.push(session);
  return within(session, path, type, body);
}

async function within(
  session: http2.ClientHttp2Session,
  path: string,
  type: string,
  body: string | Buffer,
): Promise<Unread> {
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': type });
  stream.end(body);
  await once(stream, 'response');
  return unread(stream);
}

function unread(body: NodeJS.ReadableStream): Unread {
  let failure: unknown;
  body.on('error', (error) => {
    failure = error;
  });
  return {
    async read() {
      if (failure) throw failure;
      let bytes = 0;
      for await (const chunk of body) bytes += chunk.length;
      return bytes;
    },
  };
}

test.each([
  ['REST over HTTP/1.1', () => overHttp1(rest, 'text/plain', '')],
  ['REST over HTTP/2', () => overHttp2(rest, 'text/plain', '')],
  ['Connect over HTTP/1.1', () => overHttp1(rpc, 'application/json', call)],
  ['Connect over HTTP/2', () => overHttp2(rpc, 'application/json', call)],
  ['gRPC-Web over HTTP/1.1', () => overHttp1(rpc, 'application/grpc-web+json', envelope)],
  ['gRPC', () => overHttp2(rpc, 'application/grpc+json', envelope)],
])('answers by %s that nobody reads stay within their budget: the oldest is cut', async (_door, ask) => {
  // Of each the kernel takes a part, in both directions 10 MiB at most.
  const outputBytes = 16 * mib;
  await start(outputBytes, { answerBytesInFlightMax: 20 * mib });
  const all: Unread[] = [];
  for (let each = 0; each < 4; each++) all.push(await ask());
  const [first] = all;
  const last = all.at(-1);
  await expect(first?.read()).rejects.toThrow();
  expect(await last?.read()).toBeGreaterThanOrEqual(outputBytes);
  // One who reads gets the whole of it beside those who do not.
  expect(await (await ask()).read()).toBeGreaterThanOrEqual(outputBytes);
});

test.each([
  ['REST', rest, 'text/plain', ''],
  ['gRPC', rpc, 'application/grpc+json', envelope],
])('one HTTP/2 connection gets sixteen of the largest answers at once by %s', async (_door, path, type, body) => {
  const outputBytes = 6 * mib;
  await start(outputBytes);
  const session = http2.connect(harness.url);
  sessions.push(session);
  const all: Unread[] = [];
  // Each begins when those before it wait to be read.
  for (let each = 0; each < 16; each++) all.push(await within(session, path, type, body));
  const read = await Promise.all(all.map((answer) => answer.read()));
  expect(read.filter((bytes) => bytes >= outputBytes)).toHaveLength(16);
});
