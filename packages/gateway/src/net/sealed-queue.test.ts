import { once } from 'node:events';
import net from 'node:net';
import { systemClock } from '@relais/kit';
import { sealQueue } from './sealed-queue.js';

const loopback = { '127.0.0.1': '127.0.0.1', '0.0.0.0': '127.0.0.1', '::1': '::1', '::': '::1' };

test.each(Object.entries(loopback))(
  'who connects to %s while it closes is never let in, and finds it closed',
  async (address, host) => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, address, 4096, resolve));
    const { port } = server.address() as net.AddressInfo;
    const filler = await sealQueue(server, 4096, () => 0, systemClock);
    const comers = Array.from({ length: 5 }, () => net.connect({ host, port }));
    const ends = comers.map(async (comer) =>
      String(await once(comer, 'error').then(([error]) => error.syscall + error.code)),
    );
    // They are made in the next tick, in the same turn of the loop.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    server.close();
    filler?.destroy();
    expect(await Promise.all(ends)).toEqual(comers.map(() => 'connectECONNREFUSED'));
  },
);

test('who has connected before is taken', async () => {
  const taken: net.Socket[] = [];
  const server = net.createServer((socket) => void taken.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4096, resolve));
  const { port } = server.address() as net.AddressInfo;
  const comers = Array.from({ length: 20 }, () => net.connect({ host: '127.0.0.1', port }));
  const connected = Promise.all(comers.map((comer) => once(comer, 'connect')));
  await new Promise<void>((resolve) => process.nextTick(resolve));
  const filler = await sealQueue(server, 4096, () => taken.length, systemClock);
  server.close();
  filler?.destroy();
  await connected;
  const local = (sockets: net.Socket[], end: 'localPort' | 'remotePort') => sockets.map((socket) => socket[end]).sort();
  expect(local(taken, 'remotePort')).toEqual(local(comers, 'localPort'));
  for (const socket of [...taken, ...comers]) socket.destroy();
});
