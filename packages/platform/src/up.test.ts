import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { loadConfig } from '@relais/kit';
import { platformSchema } from './config/schema.js';
import { up } from './up.js';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves with a request whose head the gateway has read, once it listens. */
async function begunUpload(port: number) {
  const options = { host: '127.0.0.1', port, path: '/deploy?name=hello&lang=c', method: 'POST' };
  for (;;) {
    const upload = request({ ...options, headers: { expect: '100-continue' } });
    // Rejects while nobody listens.
    const begun = once(upload, 'continue').then(
      () => true,
      () => false,
    );
    if (await begun) return upload;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a stop before it was ready lets the calls under way end', async () => {
  const port = await freePort();
  const peers = ['--storage', '127.0.0.1:9', '--balancer', '127.0.0.1:9'];
  const argv = ['--roles', 'gateway', '--port', String(port), ...peers, '--log-level', 'error'];
  const config = loadConfig(platformSchema, { argv, env: {}, readFile: () => undefined });
  const draining = Promise.withResolvers<void>();
  let stop = () => {};
  const ended = up(config, {
    say: (line) => line.startsWith('relais draining') && draining.resolve(),
    isTerminal: false,
    onStopRequest: (callback) => {
      stop = callback;
    },
  });
  const upload = await begunUpload(port);
  const answered = once(upload, 'response');
  stop();
  await Promise.race([draining.promise, ended]);
  upload.end();
  const [{ statusCode }] = await answered;
  expect(statusCode).toBe(400);
  expect(await ended).toBe(0);
});
