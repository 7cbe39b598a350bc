import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { silentLogger, systemClock } from '@relais/kit';
import { defaultGatewayLimits } from '../limits.js';
import { GatewayPort } from './gateway-port.js';
import { isToPlain } from './messages.js';

const call = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n';

test('calls that wait for their turn begin in the order in which their connections came', async () => {
  const connections: Socket[] = [];
  const begun: number[] = [];
  const port = new GatewayPort({
    host: '127.0.0.1',
    port: 0,
    limits: defaultGatewayLimits,
    clock: systemClock,
    logger: silentLogger,
    takesPlain: ({ socket }) => {
      if (!connections.includes(socket)) connections.push(socket);
      return true;
    },
    handler: (request, response) => {
      begun.push(connections.indexOf(request.socket as Socket));
      response.writeHead(204, {});
      if (isToPlain(response)) response.end();
    },
  });
  await port.listen();
  const clients: Socket[] = [];
  try {
    for (let at = 0; at < 16; at++) {
      const client = net.connect(Number(new URL(port.url).port), '127.0.0.1');
      clients.push(client);
      client.write(call);
      await once(client, 'data');
    }
    const answers = clients.map((client) => once(client, 'data'));
    begun.length = 0;
    // All in one turn of the loop: as many as it takes, then those that wait, in no order.
    const full = [15, 14, 13, 12, 11, 10, 9, 8];
    for (const at of [...full, 3, 0, 6, 1, 7, 2, 5, 4]) connections[at]?.emit('data', Buffer.from(call));
    await Promise.all(answers);
    expect(begun).toEqual([...full, 0, 1, 2, 3, 4, 5, 6, 7]);
  } finally {
    for (const client of clients) client.destroy();
    await port.close(0, () => {});
  }
});
