import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { StorageServiceService } from '@relais/contracts';
import { Bench, emptyList, failureOf, listing } from '../fixtures.js';
import { registration } from './registration.js';

const storage = registration(StorageServiceService, listing(emptyList), 'storage');
const token = 'the token of this cluster';
let bench: Bench;

beforeEach(async () => {
  bench = new Bench();
});

afterEach(() => bench.down());

async function start(): Promise<number> {
  const server = await bench.server({ address: '127.0.0.1:0', token, registrations: [storage] });
  return Number(server.boundAddress.split(':')[1]);
}

/** Status of a call with bytes that no client of ours would send. */
async function statusOf(port: number, body: Buffer, headers: http2.OutgoingHttpHeaders = {}): Promise<unknown> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  const stream = session.request({
    ':method': 'POST',
    ':path': StorageServiceService.listFunctions.path,
    'content-type': 'application/grpc',
    te: 'trailers',
    authorization: `Bearer ${token}`,
    ...headers,
  });
  let status: unknown = 'reset';
  for (const event of ['response', 'trailers'] as const) {
    stream.on(event, (found: http2.IncomingHttpHeaders) => {
      status = found['grpc-status'] ?? status;
    });
  }
  stream.on('error', () => {});
  stream.resume();
  stream.end(body);
  await once(stream, 'close').catch(() => {});
  session.destroy();
  return status;
}

async function stillServes(port: number): Promise<void> {
  const channel = await bench.channel({ address: `127.0.0.1:${port}`, token });
  const request = { pageSize: 1, afterName: '' };
  const answer = await channel.service(StorageServiceService).listFunctions(request, { budgetMs: 5_000 });
  expect(answer).toEqual({ versions: [], more: false });
}

const frame = (length: number, bytes = Buffer.alloc(0), flag = 0) => {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, bytes]);
};

test.each([
  ['a message said to be 4 GiB long', frame(0xffff_ffff), '8'],
  ['a message cut short', frame(100, Buffer.from('x')), undefined],
  ['a head cut short', Buffer.from([0, 0]), undefined],
  ['a message that is no protobuf', frame(3, Buffer.from([0xff, 0xff, 0xff])), undefined],
  ['a message said to be compressed that is not', frame(3, Buffer.from('abc'), 1), undefined],
])('%s is refused, and others are served', async (_what, body, expected) => {
  const port = await start();
  const status = await statusOf(port, body);
  expect(status).not.toBe('0');
  expect(expected === undefined || status === expected).toBe(true);
  await stillServes(port);
});

test.each([
  ['no token', {}],
  ['another', { authorization: `Bearer ${token}x` }],
  ['none of a bearer', { authorization: token }],
  ['an empty one', { authorization: 'Bearer ' }],
])('a peer with %s is refused', async (_what, headers) => {
  const port = await start();
  expect(await statusOf(port, frame(0), { authorization: '', ...headers })).toBe('16');
  await stillServes(port);
});

test('what is no HTTP/2 at all is cut', async () => {
  const port = await start();
  for (const bytes of [Buffer.alloc(100_000, 0xff), Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n')]) {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.resume();
    socket.write(bytes);
    await once(socket, 'close');
  }
  await stillServes(port);
});

test('a role with another token is told so', async () => {
  const port = await start();
  const channel = await bench.channel({ address: `127.0.0.1:${port}`, token: 'guessed' });
  const call = channel
    .service(StorageServiceService)
    .listFunctions({ pageSize: 1, afterName: '' }, { budgetMs: 5_000 });
  expect((await failureOf(call)).code).toBe('unauthenticated');
});
