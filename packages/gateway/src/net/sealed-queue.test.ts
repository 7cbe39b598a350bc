import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { systemClock } from '@relais/kit';
import { sealQueue } from './sealed-queue.js';

/** What a port listens on, and where it is reached. */
const addresses = [
  ['127.0.0.1', '127.0.0.1'],
  ['0.0.0.0', '127.0.0.1'],
  ['::1', '::1'],
  ['::', '::1'],
] as const;
const loopback = Object.values(networkInterfaces()).flatMap((each = []) => each.map(({ address }) => address));

test.each(addresses.filter(([, reached]) => loopback.includes(reached)))(
  'who connects to %s while it closes is never let in, and finds it closed',
  async (address, host) => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, address, 4096, resolve));
    const { port } = server.address() as net.AddressInfo;
    const filler = await sealQueue(server, 4096, () => 0, systemClock);
    const comers = Array.from({ length: 5 }, () => net.connect({ host, port }));
    const ends = Promise.all(comers.map(endOfConnect));
    // They are made in the next tick, in the same turn of the loop.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    server.close();
    filler?.destroy();
    expect(await ends).toEqual(comers.map(() => 'connectECONNREFUSED'));
  },
);

test('who has connected before is taken, and nobody is reset', async () => {
  const taken: net.Socket[] = [];
  const server = net.createServer((socket) => void taken.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4096, resolve));
  const { port } = server.address() as net.AddressInfo;
  const comers = Array.from({ length: 20 }, () => net.connect({ host: '127.0.0.1', port }));
  const ends = Promise.all(comers.map(endOfConnect));
  await new Promise<void>((resolve) => process.nextTick(resolve));
  const filler = await sealQueue(server, 4096, () => taken.length, systemClock);
  server.close();
  filler?.destroy();
  // Only a kernel that is late to make a connection refuses one here.
  const refused = (await ends).filter((end) => end === 'connectECONNREFUSED');
  const connected = comers.flatMap(({ localPort }) => localPort ?? []);
  expect(taken.map(({ remotePort }) => remotePort).sort()).toEqual(connected.sort());
  expect(connected.length + refused.length).toBe(comers.length);
  for (const socket of [...taken, ...comers]) socket.destroy();
});

/** Empty when it is connected, else what failed and how. */
function endOfConnect(socket: net.Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(''));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(`${error.syscall}${error.code}`));
  });
}
