import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { certificates, hasOpenssl } from '../testing/certificates.js';
import { answerThat, type Harness, startGateway, until } from '../testing/harness.js';

const tlsDescribe = hasOpenssl ? describe : describe.skip;

tlsDescribe('a port with a certificate (apt install openssl)', () => {
  const files = certificates();
  let ca: string;
  let harness: Harness;

  beforeEach(async () => {
    ca = files.renew('first');
    harness = await startGateway({ tls: files, limits: { firstBytesTimeoutMs: 5_000 } });
  });

  afterEach(() => harness.gateway.stop(0));
  afterAll(() => files.remove());

  /** Status of a GET, and the name in the certificate it came with. */
  function get(path: string): Promise<{ status: number | undefined; name: unknown; body: string }> {
    return new Promise((resolve, reject) => {
      const options = {
        port: harness.port,
        host: 'localhost',
        path,
        ca,
        agent: false,
        headers: { connection: 'close' },
      };
      const request = https.get(options, (response) => {
        const name = (response.socket as tls.TLSSocket).getPeerCertificate().subject.CN;
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode, name, body }));
      });
      request.on('error', reject);
    });
  }

  function handshake(options: tls.ConnectionOptions): Promise<tls.TLSSocket> {
    const socket = tls.connect({ port: harness.port, host: 'localhost', ca, ...options });
    return new Promise((resolve, reject) => {
      socket.once('secureConnect', () => resolve(socket));
      socket.once('error', reject);
    });
  }

  async function statusOver2(session: http2.ClientHttp2Session): Promise<unknown> {
    const stream = session.request({ ':path': '/healthz', ':authority': 'localhost' });
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    stream.resume();
    await once(stream, 'end');
    session.close();
    return headers[':status' as keyof typeof headers];
  }

  test('says https, and speaks HTTP/1.1 and HTTP/2 by ALPN', async () => {
    expect(harness.url).toMatch(/^https:/);
    expect(await get('/healthz')).toMatchObject({ status: 200, name: 'first' });
    const session = http2.connect(`https://localhost:${harness.port}`, { ca });
    expect(await statusOver2(session)).toBe(200);
    expect(session.alpnProtocol).toBe('h2');
  });

  test('speaks HTTP/1.1 with clients that know no ALPN', async () => {
    const socket = await handshake({});
    expect(socket.alpnProtocol).toBe(false);
    socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString()).toMatch(/^HTTP\/1.1 200 /);
  });

  test('large payloads come back whole', async () => {
    harness.dispatch.functions.set('echo', ({ payload }) => ({ output: payload }));
    const session = http2.connect(`https://localhost:${harness.port}`, { ca });
    const send = async (method: string, path: string, body: Buffer) => {
      const stream = session.request({ ':method': method, ':path': path, ':authority': 'localhost' });
      stream.end(body);
      const chunks: Buffer[] = [];
      stream.on('data', (chunk) => chunks.push(chunk));
      await once(stream, 'end');
      return Buffer.concat(chunks);
    };
    await send('POST', '/deploy?name=echo&lang=js', Buffer.from('x'));
    const payload = Buffer.alloc(3 * 1024 * 1024, 'relais');
    expect((await send('POST', '/fn/echo', payload)).equals(payload)).toBe(true);
    session.close();
  });

  test('does not speak without TLS, nor an old one, and goes on', async () => {
    const plain = net.connect({ port: harness.port, host: '127.0.0.1' });
    plain.on('error', () => {});
    plain.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
    let said = '';
    plain.on('data', (chunk) => {
      said += chunk.toString('latin1');
    });
    await once(plain, 'close');
    expect(said).not.toContain('HTTP/');
    await expect(handshake({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).rejects.toThrow();
    expect((await get('/healthz')).status).toBe(200);
  });

  test('serves a new certificate when the files change, and the old one while they do not fit', async () => {
    const open = await handshake({ ALPNProtocols: ['http/1.1'] });
    ca = `${ca}${files.renew('second')}`;
    await answerThat(
      () => get('/healthz'),
      ({ name }) => name === 'second',
    );
    writeFileSync(files.cert, 'half a certifica');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await get('/healthz')).toMatchObject({ status: 200, name: 'second' });
    open.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
    expect(String(await once(open, 'data'))).toContain('200 OK');
    open.destroy();
  });

  test('a silent connection is cut, and does not hold up a stop', async () => {
    await harness.gateway.stop(0);
    harness = await startGateway({ tls: files, limits: { firstBytesTimeoutMs: 300 } });
    const silent = net.connect({ port: harness.port, host: '127.0.0.1' });
    silent.on('error', () => {});
    await once(silent.resume(), 'close');
    const mute = await handshake({});
    mute.on('error', () => {});
    await once(mute.resume(), 'close');
    await harness.gateway.stop(0);
    harness = await startGateway({ tls: files, limits: { firstBytesTimeoutMs: 60_000 } });
    const waiting = [net.connect({ port: harness.port, host: '127.0.0.1' }), await handshake({})];
    for (const each of waiting) each.on('error', () => {});
    await until(() => waiting.every((each) => !each.connecting));
    expect((await get('/healthz')).status).toBe(200);
    await harness.gateway.stop(60_000);
  });

  test.each([
    ['that others may read', () => chmodSync(files.key, 0o604)],
    ['that is none', () => writeFileSync(files.key, 'secret')],
  ])('does not start with a key %s', async (_what, spoil) => {
    spoil();
    await expect(startGateway({ tls: files })).rejects.toMatchObject({
      code: 'failed_precondition',
      fields: { reason: 'tls_unusable' },
    });
    chmodSync(files.key, 0o600);
  });

  test('does not start without the files', async () => {
    const tls = { cert: '/nowhere/cert.pem', key: files.key };
    await expect(startGateway({ tls })).rejects.toMatchObject({ fields: { reason: 'tls_unusable' } });
  });
});
