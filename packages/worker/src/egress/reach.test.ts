import { getEventListeners, once } from 'node:events';
import { systemClock } from '@relais/kit';
import { reach } from './reach.js';
import { farServer, rulesWith } from './testing/far-server.js';

const far = await farServer((_request, response) => response.end());

test('a connection that has ended leaves nothing on the signal, and one that is open ends with it', async () => {
  const gone = new AbortController();
  const rules = rulesWith({ 'far.test': far.address });
  const connected = () =>
    reach({ host: 'far.test', port: far.port }, { rules, clock: systemClock, connectMs: 5000, signal: gone.signal })
      .socket;
  const listeners = () => getEventListeners(gone.signal, 'abort').length;
  for (let count = 0; count < 3; count++) {
    const socket = await connected();
    const closed = once(socket, 'close');
    socket.destroy();
    await closed;
  }
  expect(listeners()).toBe(0);
  const open = await connected();
  const closed = once(open, 'close');
  gone.abort();
  await closed;
  expect([open.destroyed, listeners()]).toEqual([true, 0]);
});
