import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { ManualClock } from '@relais/kit';
import { until } from '../testing/harness.js';
import { IdleConnections } from './idle-connections.js';

const clock = new ManualClock();
const idle = new IdleConnections(clock, 1_000);
const held: http.ServerResponse[] = [];
const server = http.createServer({ keepAliveTimeout: 0 }, (request, response) => {
  idle.answering(request.socket, response);
  if (request.url === '/held') held.push(response);
  else response.end('done');
});
let newest: net.Socket | undefined;
server.on('connection', (socket) => {
  newest = socket;
  idle.watch(socket);
});

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A connection that asks, and what it has been told. */
async function connection() {
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  const seen = { text: '', closed: false };
  socket.on('data', (chunk) => {
    seen.text += chunk;
  });
  socket.on('close', () => {
    seen.closed = true;
  });
  await once(socket, 'connect');
  const ask = (path: string) => socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
  const answers = () => seen.text.split('done').length - 1;
  return { socket, seen, ask, answers };
}

/** So long passes, in steps of the ticker. */
function pass(ms: number): void {
  for (let passedMs = 0; passedMs < ms; passedMs += 50) clock.advance(50);
}

test('a connection is ended when nothing has come for the time after its last answer', async () => {
  const { answers, ask, seen } = await connection();
  ask('/');
  await until(() => answers() === 1);
  pass(900);
  ask('/');
  await until(() => answers() === 2);
  pass(900);
  expect(await isAnswered(ask, answers, 3)).toBe(true);
  pass(1_100);
  await until(() => seen.closed);
});

test('one that waits for its answer is not idle, and one that has asked nothing is bounded elsewhere', async () => {
  const waiting = await connection();
  const silent = await connection();
  waiting.ask('/held');
  await until(() => held.length === 1);
  pass(5_000);
  held.pop()?.end('done');
  await until(() => waiting.answers() === 1);
  expect(await isAnswered(waiting.ask, waiting.answers, 2)).toBe(true);
  expect(await isAnswered(silent.ask, silent.answers, 1)).toBe(true);
  pass(1_100);
  await until(() => waiting.seen.closed && silent.seen.closed);
});

test('one that has begun to ask again is not cut off', async () => {
  const { answers, ask, seen, socket } = await connection();
  ask('/');
  await until(() => answers() === 1);
  pass(900);
  const before = newest?.bytesRead ?? 0;
  socket.write('GET / HTTP/1.1\r\n');
  await until(() => (newest?.bytesRead ?? 0) > before);
  pass(200);
  socket.write('host: x\r\n\r\n');
  await until(() => answers() === 2);
  expect(seen.closed).toBe(false);
  socket.destroy();
});

async function isAnswered(ask: (path: string) => void, answers: () => number, count: number): Promise<boolean> {
  ask('/');
  await until(() => answers() === count);
  return answers() === count;
}
