import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { defaultGatewayLimits } from '../../limits.js';
import { until } from '../../testing/harness.js';
import { turnOfLoop } from '../turn-of-loop.js';
import { PlainConnection, type PlainService } from './plain-connection.js';
import type { PlainRequest } from './plain-request.js';
import type { PlainResponse } from './plain-response.js';

const date = 'Sat, 28 Nov 2026 00:00:00 GMT';

let asked: { request: PlainRequest; response: PlainResponse }[];
let left: string[];
let newest: PlainConnection | undefined;
let isClosing: boolean;
let requestsPerSocketMax: number;
let server: net.Server;
const clients: net.Socket[] = [];

beforeEach(async () => {
  asked = [];
  left = [];
  isClosing = false;
  requestsPerSocketMax = 100;
  server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => {});
    newest = new PlainConnection(socket, service(), 0);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await new Promise((resolve) => server.close(resolve));
});

function service(quietMs = 60_000): PlainService {
  return {
    limits: { ...defaultGatewayLimits, requestsPerSocketMax },
    quietMs,
    takes: ({ url }) => url !== '/other',
    handle: (_connection, request, response) => asked.push({ request, response }),
    leave: (connection, socket, bytes) => {
      expect(connection).toBe(newest);
      left.push(bytes.toString());
      expect(socket.readableEnded).toBe(false);
      socket.end('left');
    },
    isClosing: () => isClosing,
    date: () => date,
  };
}

async function connect() {
  const { port } = server.address() as net.AddressInfo;
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  clients.push(socket);
  const seen = { text: '', ended: false, closed: false };
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    seen.text += chunk;
  });
  socket.on('end', () => {
    seen.ended = true;
  });
  socket.on('close', () => {
    seen.closed = true;
  });
  await once(socket, 'connect');
  return { socket, seen };
}

const call = (body: string, path = '/invoke') =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const answer = (body: string, connection = 'keep-alive') =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\nDate: ${date}\r\nConnection: ${connection}\r\n\r\n${body}`;

/** Answers the call of this number once it has come. */
async function answered(index: number, body: string, headers: http.OutgoingHttpHeaders = {}): Promise<void> {
  await until(() => asked.length > index);
  asked[index]?.response.writeHead(200, { ...headers, 'content-length': body.length }).end(body, 'latin1');
}

test('call after call is answered on one connection', async () => {
  const { seen, socket } = await connect();
  for (const [index, body] of ['one', 'two', 'three'].entries()) {
    socket.write(call(body));
    await answered(index, body.toUpperCase());
    await until(() => seen.text.endsWith(body.toUpperCase()));
  }
  expect(seen.text).toBe(['ONE', 'TWO', 'THREE'].map((body) => answer(body)).join(''));
  expect(asked.map(({ request }) => request.body.toString())).toEqual(['one', 'two', 'three']);
  expect(asked.every(({ response }) => response.writableFinished)).toBe(true);
  expect(left).toEqual([]);
});

test('the first bytes that are no plain request go away with the connection', async () => {
  const { seen, socket } = await connect();
  socket.write(call('one'));
  await answered(0, 'ONE');
  await until(() => seen.text.endsWith('ONE'));
  const half = call('two').slice(0, -1);
  socket.write(half);
  await until(() => seen.ended);
  expect(left).toEqual([half]);
  expect(seen.text).toBe(`${answer('ONE')}left`);
  expect(asked.length).toBe(1);
});

test.each([
  ['one that is not for the handler', call('x', '/other')],
  ['two at once', call('one') + call('two')],
])('so does %s', async (_what, bytes) => {
  const { seen, socket } = await connect();
  socket.write(bytes);
  await until(() => seen.ended);
  expect(left).toEqual([bytes]);
  expect(asked).toEqual([]);
});

test('what comes before the answer waits for it', async () => {
  const { seen, socket } = await connect();
  socket.write(call('one'));
  await until(() => asked.length === 1);
  socket.write(call('two'));
  await until(() => asked[0]?.request.socket.isPaused() === true);
  expect(asked.length).toBe(1);
  await answered(0, 'ONE');
  await answered(1, 'TWO');
  await until(() => seen.text === answer('ONE') + answer('TWO'));
});

test('of one that goes on sending meanwhile no more is read than has come at once', async () => {
  const { seen, socket } = await connect();
  socket.write(call('one'));
  await answered(0, 'ONE');
  await until(() => seen.text.endsWith('ONE'));
  socket.write(call('two'));
  await until(() => asked.length === 2);
  const taken = asked[1]?.request.socket;
  socket.write(Buffer.alloc(32 * 1024 * 1024));
  await until(() => taken?.isPaused() === true);
  const readBytes = taken?.bytesRead ?? 0;
  for (let turn = 0; turn < 50; turn++) await turnOfLoop();
  expect(taken?.bytesRead).toBe(readBytes);
  expect(readBytes).toBeLessThan(256 * 1024);
  taken?.destroy();
});

test('the last request of a connection is answered so, and none is heard after it', async () => {
  requestsPerSocketMax = 2;
  const { seen, socket } = await connect();
  for (const [index, body] of ['one', 'two'].entries()) {
    socket.write(call(body));
    await answered(index, body);
    await until(() => seen.text.endsWith(body));
  }
  expect(seen.text).toBe(answer('one') + answer('two', 'close'));
  socket.write(call('three'));
  await until(() => seen.closed);
  expect([asked.length, left]).toEqual([2, []]);
});

test.each([
  ['the port closes', true, {}],
  ['the answer says so', false, { connection: 'close' }],
])('a connection ends after an answer when %s', async (_why, closing, headers) => {
  const { seen, socket } = await connect();
  socket.write(call('one'));
  isClosing = closing;
  await answered(0, 'ONE', headers);
  await until(() => seen.closed);
  expect(seen.text).toBe(answer('ONE', 'close'));
});

test('a peer that has ended its side gets its answer', async () => {
  const { seen, socket } = await connect();
  socket.end(call('one'));
  await until(() => asked.length === 1);
  await until(() => asked[0]?.request.socket.readableEnded === true);
  expect(seen.ended).toBe(false);
  await answered(0, 'ONE');
  await until(() => seen.closed);
  expect(seen.text).toBe(answer('ONE', 'close'));
});

test('one that ends its side after the head of its answer is let go after the rest', async () => {
  const { seen, socket } = await connect();
  socket.write(call('one'));
  await until(() => asked.length === 1);
  const [first] = asked;
  first?.response.writeHead(200, {}).flushHeaders();
  socket.end();
  await until(() => first?.request.socket.readableEnded === true);
  first?.response.end('ONE');
  await until(() => seen.closed);
  expect(seen.text.endsWith('\r\n\r\n3\r\nONE\r\n0\r\n\r\n')).toBe(true);
});

test('what came before a peer ended its side is answered too', async () => {
  const { seen, socket } = await connect();
  socket.write(call('one'));
  await until(() => asked.length === 1);
  socket.end(call('two'));
  await until(() => asked[0]?.request.socket.isPaused() === true);
  await answered(0, 'ONE');
  await until(() => asked[1]?.request.socket.readableEnded === true);
  await answered(1, 'TWO');
  await until(() => seen.closed);
  expect(seen.text).toBe(answer('ONE') + answer('TWO', 'close'));
});

test('what is no plain request goes away after the answer before it, though its peer has ended its side', async () => {
  const { seen, socket } = await connect();
  const chunked = 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n';
  socket.write(call('one'));
  await until(() => asked.length === 1);
  socket.end(chunked);
  await until(() => asked[0]?.request.socket.isPaused() === true);
  await answered(0, 'ONE');
  await until(() => seen.ended);
  expect([seen.text, left]).toEqual([`${answer('ONE')}left`, [chunked]]);
});

test('a peer that ends its side between calls is let go', async () => {
  const { seen, socket } = await connect();
  socket.write(call('one'));
  await answered(0, 'ONE');
  await until(() => seen.text.endsWith('ONE'));
  socket.end();
  await until(() => seen.closed);
});

test('whoever waits for an answer to be out hears when its peer has gone', async () => {
  const { socket } = await connect();
  socket.write(call('one'));
  await until(() => asked.length === 1);
  const response = asked[0]?.response as PlainResponse;
  let closed = 0;
  response.once('close', () => closed++);
  socket.resetAndDestroy();
  await until(() => closed === 1);
  expect([response.destroyed, response.writableFinished]).toEqual([true, false]);
  // Nobody reads it, and nobody is told twice.
  response.writeHead(200, {}).end('late');
  await new Promise((resolve) => setImmediate(resolve));
  expect([closed, response.writableFinished]).toEqual([1, false]);
});

test('only a connection without a call is idle', async () => {
  const { seen, socket } = await connect();
  socket.write(call('one'));
  await until(() => asked.length === 1);
  newest?.endIdle();
  await answered(0, 'ONE');
  await until(() => seen.text === answer('ONE'));
  await until(() => asked[0]?.response.writableFinished === true);
  newest?.endIdle();
  await until(() => seen.closed);
});

test('a connection on which nothing moves is cut', async () => {
  server.removeAllListeners('connection');
  server.on('connection', (socket) => {
    newest = new PlainConnection(socket, service(50), 0);
  });
  const { seen } = await connect();
  await until(() => seen.closed);
});

test('a body that is written in parts goes out in chunks, no faster than it is read', async () => {
  const { port } = server.address() as net.AddressInfo;
  const agent = new http.Agent({ keepAlive: true });
  const request = http.request({ port, host: '127.0.0.1', method: 'POST', agent });
  request.end('x');
  await until(() => asked.length === 1);
  const response = asked[0]?.response as PlainResponse;
  response.writeHead(200, { 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] }).flushHeaders();
  const [incoming] = (await once(request, 'response')) as [http.IncomingMessage];
  expect(incoming.headers).toMatchObject({ 'transfer-encoding': 'chunked', 'set-cookie': ['a=1', 'b=2'] });
  let written = 0;
  const part = Buffer.alloc(100_000, 'é');
  while (response.write(part)) written += part.length;
  written += part.length;
  expect(response.writableNeedDrain).toBe(true);
  let isDrained = false;
  response.on('drain', () => {
    isDrained = true;
  });
  let read = 0;
  incoming.on('data', (chunk) => {
    read += chunk.length;
  });
  await until(() => isDrained);
  response.write('');
  response.write('grüße');
  response.end('!');
  await once(incoming, 'end');
  expect([read, incoming.complete]).toEqual([written + Buffer.byteLength('grüße!'), true]);
  agent.destroy();
});

test('bytes go out as they are', async () => {
  const { port } = server.address() as net.AddressInfo;
  const body = Buffer.from(Array.from({ length: 256 }, (_each, index) => index));
  const answering = fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x', keepalive: false });
  await until(() => asked.length === 1);
  asked[0]?.response.writeHead(201, { 'content-length': body.length, connection: 'close' }).end(body);
  const answer = await answering;
  expect([answer.status, Buffer.from(await answer.arrayBuffer())]).toEqual([201, body]);
});

test('an answer without a byte is out at once, and the next call is heard', async () => {
  const { seen, socket } = await connect();
  for (const index of [0, 1]) {
    socket.write(call('x'));
    await until(() => asked.length > index);
    asked[index]?.response.writeHead(200, { 'content-length': 0 }).end(Buffer.alloc(0));
    await until(() => asked[index]?.response.writableFinished === true);
  }
  await until(() => seen.text === answer('') + answer(''));
});

test('a value that would begin a header of its own is refused', async () => {
  const { socket } = await connect();
  socket.write(call('one'));
  await until(() => asked.length === 1);
  expect(() => asked[0]?.response.writeHead(200, { 'x-a': 'a\r\nx-b: b' })).toThrow(/Invalid character/);
  asked[0]?.response.destroy();
});
