import { once } from 'node:events';
import net from 'node:net';
import { TLSSocket } from 'node:tls';
import { silentLogger, systemClock } from '@relais/kit';
import { defaultGatewayLimits } from '../../limits.js';
import { until } from '../../testing/harness.js';
import { GatewayPort } from '../gateway-port.js';
import { isPlain, isToPlain, nodeResponse, type ServerResponse } from '../messages.js';
import { SharedReads } from './shared-reads.js';

describe('a connection that a server has accepted', () => {
  let server: net.Server;
  let client: net.Socket;
  let accepted: net.Socket;

  beforeEach(async () => {
    server = net.createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
    [accepted] = await once(server, 'connection');
  });

  afterEach(async () => {
    client.destroy();
    accepted.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  test('is read into the same buffer as every other', async () => {
    const other = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
    const [acceptedToo]: net.Socket[] = await once(server, 'connection');
    const read: { text: string; memory: unknown }[] = [];
    for (const socket of [accepted, acceptedToo]) {
      if (!socket) throw new Error('nothing was accepted');
      const reads = SharedReads.of(socket, (bytes) => read.push({ text: String(bytes), memory: bytes.buffer }));
      expect(reads).toBeDefined();
      socket.resume();
    }
    for (const [index, sender] of [client, other, client].entries()) {
      sender.write(`${index}`);
      await until(() => read.length > index);
    }
    expect(read.map(({ text }) => text)).toEqual(['0', '1', '2']);
    expect(new Set(read.map(({ memory }) => memory)).size).toBe(1);
    other.destroy();
    acceptedToo?.destroy();
  });

  test('is read as any other once that has ended, in copies', async () => {
    const told: Buffer[] = [];
    const reads = SharedReads.of(accepted, (bytes) => told.push(bytes));
    reads?.end();
    const data: Buffer[] = [];
    accepted.on('data', (bytes: Buffer) => data.push(bytes));
    for (const [index, text] of ['one', 'two'].entries()) {
      client.write(text);
      await until(() => data.length > index);
    }
    client.end();
    await once(accepted, 'end');
    expect(data.map(String)).toEqual(['one', 'two']);
    expect(told).toEqual([]);
  });
});

test('a connection of TLS is left as it is', () => {
  const socket = new TLSSocket(new net.Socket());
  expect(SharedReads.of(socket, () => {})).toBeUndefined();
  socket.destroy();
});

describe('a port', () => {
  const bodies: Buffer[] = [];
  const clients: net.Socket[] = [];
  let readByNode: number;
  let port: GatewayPort;

  beforeEach(async () => {
    bodies.length = 0;
    readByNode = 0;
    port = new GatewayPort({
      host: '127.0.0.1',
      port: 0,
      limits: defaultGatewayLimits,
      clock: systemClock,
      logger: silentLogger,
      takesPlain: () => true,
      handler: (request, response) => {
        if (isPlain(request)) {
          bodies.push(request.body);
          answer(response);
        } else {
          readByNode += 1;
          request.resume().once('end', () => answer(response));
        }
      },
    });
    await port.listen();
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await port.close(0, () => {});
  });

  function answer(response: ServerResponse): void {
    if (isToPlain(response)) response.writeHead(200, { 'content-length': '2' }).end('ok');
    else nodeResponse(response).end('ok');
  }

  async function connect() {
    const client = net.connect(Number(new URL(port.url).port), '127.0.0.1');
    clients.push(client);
    const seen = { answers: 0 };
    client.on('error', () => {});
    client.on('data', (bytes) => {
      seen.answers += String(bytes).split('HTTP/1.1 200').length - 1;
    });
    await once(client, 'connect');
    return { client, seen };
  }

  const call = (body: string) => `POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

  test('gives each of the calls that came in one turn its own body, for good', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => connect()));
    for (let round = 1; round <= 3; round++) {
      for (const [index, { client }] of all.entries()) client.write(call(`${index} in ${round}`));
      await until(() => all.every(({ seen }) => seen.answers === round));
    }
    const sent = [1, 2, 3].flatMap((round) => all.map((_, index) => `${index} in ${round}`));
    expect(bodies.map(String).sort()).toEqual(sent.sort());
  });

  test('reads a request in parts after a plain one, however much it is, and the ones after it', async () => {
    const { client, seen } = await connect();
    const large = call('x'.repeat(1_000_000));
    for (const [index, request] of [call('one'), large, call('three')].entries()) {
      client.write(request);
      await until(() => seen.answers === index + 1);
    }
    expect(bodies.map(String)).toEqual(['one']);
  });

  test('survives a reset in the body of a request that Node reads after a plain one', async () => {
    const { client, seen } = await connect();
    client.write(call('one'));
    await until(() => seen.answers === 1);
    client.write(call('two').slice(0, -1));
    await until(() => readByNode === 1);
    client.resetAndDestroy();
    const next = await connect();
    next.client.write(call('next'));
    await until(() => next.seen.answers === 1);
  });
});
