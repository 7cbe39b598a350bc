import type { Socket } from 'node:net';
import { silentLogger, systemClock } from '@relais/kit';
import { defaultGatewayLimits } from '../limits.js';
import { rawExchange } from '../testing/raw.js';
import { GatewayPort } from './gateway-port.js';
import { isToPlain } from './messages.js';

test('a call whose client has gone before its turn is not begun, and the next one is', async () => {
  const begun: (string | undefined)[] = [];
  const gone: Socket[] = [];
  const port = new GatewayPort({
    host: '127.0.0.1',
    port: 0,
    limits: defaultGatewayLimits,
    clock: systemClock,
    logger: silentLogger,
    takesPlain: ({ socket, url }) => {
      if (url === '/gone') gone.push(socket.destroy());
      return true;
    },
    handler: (request, response) => {
      begun.push(request.url);
      response.writeHead(204, { connection: 'close' });
      if (isToPlain(response)) response.end();
    },
  });
  await port.listen();
  try {
    const number = Number(new URL(port.url).port);
    expect(await rawExchange(number, 'POST /gone HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n')).toBe('');
    expect(await rawExchange(number, 'POST /here HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n')).toMatch(
      /^HTTP\/1.1 204 /,
    );
    expect(gone.map(({ destroyed }) => destroyed)).toEqual([true]);
    expect(begun).toEqual(['/here']);
  } finally {
    await port.close(0, () => {});
  }
});
