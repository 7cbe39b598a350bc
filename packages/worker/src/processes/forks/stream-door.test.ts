import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@relais/kit';
import { StreamDoor } from './stream-door.js';

const clock = new ManualClock();
const directory = mkdtempSync(join(tmpdir(), 'relais-door-'));
const path = join(directory, 'door');
const opened: Socket[] = [];
let door: StreamDoor;

beforeEach(async () => {
  door = await StreamDoor.open(path, 6, clock);
});
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
  door.close();
});
afterAll(() => rmSync(directory, { recursive: true }));

async function dial(greeting: string): Promise<Socket> {
  const socket = connect(path);
  opened.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(greeting);
  socket.resume();
  return socket;
}

// Like once, but an error on the way, which a refusal may cause, is no failure.
function closing(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve));
}

test('gives each process its own streams, whoever comes first', async () => {
  const [one, two] = [door.expect(), door.expect()];
  for (const digit of [2, 0, 1]) {
    await dial(`${two.token}${digit}two ${digit}`);
    await dial(`${one.token}${digit}one ${digit}`);
  }
  const { channel, stdout, stderr } = await one.streams;
  const texts = [channel, stdout, stderr].map(async (socket) => String((await once(socket, 'data'))[0]));
  expect(await Promise.all(texts)).toEqual(['one 0', 'one 1', 'one 2']);
  const others = Object.values(await two.streams);
  for (const socket of [channel, stdout, stderr, ...others]) socket.destroy();
});

test.each([
  ['a token nobody was given', () => `${'0'.repeat(32)}0`],
  ['a stream there is none of', (token: string) => `${token}7`],
  ['no digit', (token: string) => `${token}x`],
])('closes a connection with %s', async (_what, greeting) => {
  const { token } = door.expect();
  const socket = await dial(greeting(token));
  await closing(socket);
});

test('a stream can be fetched once', async () => {
  const { token, abandon } = door.expect();
  const first = await dial(`${token}1`);
  const second = await dial(`${token}1`);
  await closing(second);
  expect(first.destroyed).toBe(false);
  abandon();
  await closing(first);
  const late = await dial(`${token}0`);
  await closing(late);
});

test('a connection that does not name itself is closed in time', async () => {
  const silent = await dial('too short');
  const expected = door.expect();
  // This one is greeted after the silent one was accepted.
  await dial(`${expected.token}0`);
  await dial(`${expected.token}1`);
  await dial(`${expected.token}2`);
  const streams = Object.values(await expected.streams);
  clock.advance(2000);
  await closing(silent);
  expect(streams.map((socket) => socket.destroyed)).toEqual([false, false, false]);
  for (const socket of streams) socket.destroy();
});

test('connections beyond the bound are refused', async () => {
  const { token, abandon } = door.expect();
  for (let n = 0; n < 6; n++) await dial('');
  const beyond = await dial(`${token}0`);
  await closing(beyond);
  abandon();
  clock.advance(2000);
});
