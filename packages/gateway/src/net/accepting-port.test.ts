import net from 'node:net';
import { systemClock } from '@relais/kit';
import { until } from '../testing/harness.js';
import { AcceptingPort } from './accepting-port.js';

const peers: net.Socket[] = [];
const taken: net.Socket[] = [];
let port: AcceptingPort;

beforeEach(async () => {
  port = new AcceptingPort({
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    accept: (socket) => {
      socket.on('error', () => {});
      taken.push(socket);
    },
    failed: (error) => {
      throw error;
    },
  });
  await port.listen();
});

afterEach(async () => {
  await port.shut();
  for (const socket of [...peers.splice(0), ...taken.splice(0)]) socket.destroy();
  await port.ended();
});

function connect(count: number): void {
  for (let made = 0; made < count; made++) {
    const peer = net.connect(port.address.port, '127.0.0.1');
    peer.on('error', () => {});
    peers.push(peer);
  }
}

/** Connections taken in each turn of the loop until so many are. */
async function takenByTurn(count: number): Promise<number[]> {
  const turns: number[] = [];
  const before = taken.length;
  let last = before;
  while (taken.length < before + count) {
    await new Promise((resolve) => setImmediate(resolve));
    if (taken.length > last) turns.push(taken.length - last);
    last = taken.length;
  }
  return turns;
}

test('a port that has taken many connections takes as many in a turn as it has descriptors', async () => {
  connect(1);
  await takenByTurn(1);
  expect(port.laneCount).toBe(1);
  connect(63);
  await until(() => port.laneCount === 8);
  connect(24);
  const turns = await takenByTurn(24);
  expect(Math.max(...turns)).toBe(8);
  expect(turns.length).toBeLessThan(8);
});

test('a port that is closed listens no more, however many descriptors it has or will get', async () => {
  connect(64);
  await takenByTurn(64);
  const { port: number } = port.address;
  await port.shut();
  for (const socket of [...peers, ...taken]) socket.destroy();
  await port.ended();
  const again = net.createServer();
  await new Promise<void>((resolve, reject) => {
    again.once('error', reject);
    again.listen(number, '127.0.0.1', resolve);
  });
  await new Promise((resolve) => again.close(resolve));
});
