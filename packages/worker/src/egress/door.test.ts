import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FunctionConfig } from '@relais/contracts';
import { systemClock } from '@relais/kit';
import { until } from '../runtimes/conformance/support.js';
import { Door, type DoorLimits, defaultDoorLimits } from './door.js';
import { networkPolicy } from './network-policy.js';
import type { NetworkRules } from './network-rules.js';
import { farAddress, farServer, rulesWith } from './testing/far-server.js';
import { connectTo, get, Visitor } from './testing/visitor.js';

const directory = mkdtempSync(join(tmpdir(), 'relais-doors-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** What the server was asked: method, path, host and body of each request. */
const asked: string[] = [];
const far = await farServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    const { headers, method, url } = request;
    asked.push(`${method} ${url} ${headers.host} ${body}`);
    response.setHeader('connection', 'close, x-hop');
    response.setHeader('x-hop', '1');
    response.end(JSON.stringify(headers));
  });
});
beforeEach(() => void asked.splice(0));

interface Opened {
  readonly door: Door;
  readonly path: string;
  readonly refused: string[];
}

const opened: Opened[] = [];
afterEach(() => {
  for (const { door } of opened.splice(0)) door.close();
});

interface Wanted {
  readonly network?: string;
  readonly rules?: Partial<NetworkRules>;
  readonly limits?: Partial<DoorLimits>;
  readonly anyHost?: boolean;
}

const names = { 'far.test': far.address, 'loop.test': '127.0.0.1' };

async function open({ network, rules, limits, anyHost = false }: Wanted = {}): Promise<Opened> {
  const refused: string[] = [];
  const path = join(directory, String(opened.length));
  const config = FunctionConfig.fromPartial({ network: network ?? `allow:far.test:${far.port}` });
  const policy = networkPolicy(config, anyHost);
  if (!policy) throw new Error('no policy');
  const door = await Door.open(path, {
    policy,
    rules: rulesWith(names, rules),
    limits: { ...defaultDoorLimits, ...limits },
    clock: systemClock,
    refused: (line) => refused.push(line),
  });
  opened.push({ door, path, refused });
  return { door, path, refused };
}

/** A door whose lookups end when the test says so. */
async function openWaiting(limits: Partial<DoorLimits>): Promise<Opened & { readonly lookups: (() => void)[] }> {
  const lookups: (() => void)[] = [];
  const resolve = async () => {
    await new Promise<void>((done) => lookups.push(done));
    return [far.address];
  };
  return { ...(await open({ rules: { resolve }, limits })), lookups };
}

describe('what is allowed', () => {
  test('is tunnelled, with what came right behind the request', async () => {
    const { path, refused } = await open();
    const inner = 'GET /inner HTTP/1.1\r\nHost: inner\r\nConnection: close\r\n\r\n';
    const visitor = new Visitor(path, connectTo(`far.test:${far.port}`) + inner);
    await visitor.says(/^HTTP\/1.1 200 Connection Established\r\n\r\nHTTP\/1.1 200 OK/);
    await visitor.ends();
    expect(asked).toEqual(['GET /inner inner ']);
    expect(refused).toEqual([]);
  });

  test('is passed on, to the host that was looked at and without what is for the proxy', async () => {
    const { path } = await open();
    const headers = [
      'Proxy-Authorization: secret',
      'X-Mine: 1',
      'Connection: close, X-Gone',
      'X-Gone: 1',
      'Upgrade: x',
    ];
    const visitor = new Visitor(path, get(`http://far.test:${far.port}/a?b=c`, ...headers));
    await visitor.ends();
    expect(asked).toEqual([`GET /a?b=c far.test:${far.port} `]);
    expect(visitor.text).toMatch(/^HTTP\/1.1 200 OK/);
    expect(visitor.text).toContain('"x-mine":"1"');
    expect(visitor.text).not.toMatch(/secret|x-gone|x-hop|upgrade/i);
  });

  test('may be named by the header alone', async () => {
    const { path } = await open();
    const head = (host: string) => `GET /p HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    await new Visitor(path, head(`far.test:${far.port}`)).ends();
    expect(asked).toEqual([`GET /p far.test:${far.port} `]);
    for (const [host, status] of [
      ['other.test', 403],
      [`x@far.test:${far.port}`, 400],
      [`far.test:${far.port}/x`, 400],
    ]) {
      const visitor = new Visitor(path, head(String(host)));
      await visitor.ends();
      expect(visitor.text).toContain(`HTTP/1.1 ${status} `);
    }
    expect(asked).toHaveLength(1);
  });

  test('may be asked for again and again on one connection', async () => {
    const { path } = await open();
    const visitor = new Visitor(path, '');
    for (let n = 1; n <= 20; n++) {
      visitor.socket.write(get(`http://far.test:${far.port}/${n}`));
      await until(`answer ${n} has come`, () => visitor.text.split('HTTP/1.1 200 OK').length === n + 1);
    }
    expect(asked).toHaveLength(20);
    expect(visitor.closed).toBe(false);
  });

  test('that answers what is no HTTP is 502', async () => {
    const speaking = createServer((socket) => socket.end('220 mail.test ESMTP\r\n'));
    speaking.listen(0, far.address);
    await once(speaking, 'listening');
    const { port } = speaking.address() as AddressInfo;
    const { path } = await open({ network: `allow:far.test:${port}` });
    const visitor = new Visitor(path, get(`http://far.test:${port}/`));
    await visitor.ends();
    speaking.close();
    expect(visitor.text).toMatch(/^HTTP\/1.1 502 /);
  });

  test('may have a body, of any method, and stays one request', async () => {
    const { path } = await open();
    const url = `http://far.test:${far.port}/`;
    const body = 'GET /smuggled HTTP/1.1\r\nHost: inner\r\n\r\n';
    const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const visitor = new Visitor(path, get(url, 'Transfer-Encoding: chunked', 'Connection: close') + chunked);
    await visitor.ends();
    expect(asked).toEqual([`GET / far.test:${far.port} ${body}`]);
  });
});

describe('what is not', () => {
  test.each([
    ['another port', (port: number) => `far.test:${port === 80 ? 81 : 80}`],
    ['another name', (port: number) => `other.test:${port}`],
    ['its address', (port: number) => `${farAddress()}:${port}`],
  ])('%s is 403, by either way, and is said in the log', async (_what, make) => {
    const target = make(far.port);
    const { path, refused } = await open();
    for (const bytes of [connectTo(target), get(`http://${target}/`)]) {
      const visitor = new Visitor(path, bytes);
      await visitor.ends();
      expect(visitor.text).toMatch(/^HTTP\/1.1 403 /);
      expect(visitor.text).toContain('is not in the network of this function');
    }
    expect(refused).toHaveLength(2);
    expect(refused[0]).toMatch(/^relais: network: .* is not in the network of this function\n$/);
    expect(asked).toEqual([]);
  });

  test.each([
    '/var/run/docker.sock',
    'unix:/var/run/docker.sock',
    'far.test',
    'user:password@far.test:80',
    'far.test:80/path',
    'far.test:99999',
  ])('a CONNECT to %s is 400', async (target) => {
    const { path } = await open({ network: 'host', anyHost: true });
    const visitor = new Visitor(path, connectTo(target));
    await visitor.ends();
    expect(visitor.text).toMatch(/^HTTP\/1.1 400 /);
  });

  test.each(['*', 'https://far.test/', 'ftp://far.test/', 'file:///etc/passwd', 'http+unix://%2Frun%2Fx/'])(
    'a request for %s is 400',
    async (url) => {
      const { path } = await open({ network: 'host', anyHost: true });
      const visitor = new Visitor(path, get(url));
      await visitor.ends();
      expect(visitor.text).toMatch(/^HTTP\/1.1 400 /);
    },
  );

  test('a second request behind an allowed one is looked at by itself', async () => {
    const { path } = await open();
    const visitor = new Visitor(path, get(`http://far.test:${far.port}/1`) + get('http://loop.test:80/2'));
    await visitor.ends();
    expect(visitor.text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 403']);
    expect(asked).toEqual([`GET /1 far.test:${far.port} `]);
  });

  test.each([
    ['both lengths', ['Content-Length: 5', 'Transfer-Encoding: chunked']],
    ['two lengths', ['Content-Length: 5', 'Content-Length: 6']],
    ['an unknown coding', ['Transfer-Encoding: identity, x']],
    ['a folded header', ['X: a', ' b']],
  ])('a request with %s is refused whole', async (_what, headers) => {
    const { path } = await open();
    const visitor = new Visitor(path, get(`http://far.test:${far.port}/`, ...headers));
    await visitor.ends();
    expect(visitor.text).toMatch(/^HTTP\/1.1 400 /);
    expect(asked).toEqual([]);
  });
});

describe('what nobody reaches', () => {
  const anything = { network: 'host', anyHost: true };

  test.each([
    'loop.test',
    '127.0.0.1',
    '127.1',
    '0177.0.0.1',
    '0x7f000001',
    '2130706433',
    '0.0.0.0',
    '0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '169.254.169.254',
    '[::ffff:169.254.169.254]',
    '[fe80::1]',
    '[fd00:ec2::254]',
  ])('%s is 403 though all is allowed', async (host) => {
    const { path, refused } = await open(anything);
    for (const bytes of [connectTo(`${host}:${far.port}`), get(`http://${host}:${far.port}/`)]) {
      const visitor = new Visitor(path, bytes);
      await visitor.ends();
      expect(visitor.text).toMatch(/^HTTP\/1.1 403 /);
    }
    expect(refused).toHaveLength(2);
    expect(refused[0]).toContain('is never reachable');
  });

  test('this machine is 403, by name and by address', async () => {
    const { path, refused } = await open({ ...anything, rules: { ownAddresses: () => [far.address] } });
    for (const host of ['far.test', far.address, `[::ffff:${far.address}]`]) {
      const visitor = new Visitor(path, connectTo(`${host}:${far.port}`));
      await visitor.ends();
      expect(visitor.text).toMatch(/^HTTP\/1.1 403 /);
    }
    expect(refused[0]).toContain('an address of this machine');
    expect(asked).toEqual([]);
  });

  test('a role of the platform on another machine is 403, its other ports are not', async () => {
    const peers = [{ host: 'far.test', port: far.port }];
    const { path } = await open({ ...anything, rules: { peers } });
    const visitor = new Visitor(path, connectTo(`${far.address}:${far.port}`));
    await visitor.ends();
    expect(visitor.text).toContain('part of the platform');
    const other = await open({ ...anything, rules: { peers: [{ host: 'far.test', port: 1 }] } });
    await new Visitor(other.path, connectTo(`${far.address}:${far.port}`)).says('200 Connection Established');
  });

  test('a name that changes its address between the look and the connection gains nothing', async () => {
    const answers = [[far.address], ['127.0.0.1']];
    let looks = 0;
    const resolve = async () => answers[looks++] ?? ['127.0.0.1'];
    const { path } = await open({ rules: { resolve } });
    await new Visitor(path, connectTo(`far.test:${far.port}`)).says('200 Connection Established');
    expect(looks).toBe(1);
    const later = new Visitor(path, connectTo(`far.test:${far.port}`));
    await later.ends();
    expect(later.text).toMatch(/^HTTP\/1.1 403 /);
    expect(looks).toBe(2);
  });

  test('of several addresses only those that may be reached are tried', async () => {
    const { path } = await open({ rules: { resolve: async () => ['127.0.0.1', far.address] } });
    const visitor = new Visitor(path, get(`http://far.test:${far.port}/`, 'Connection: close'));
    await visitor.ends();
    expect(asked).toHaveLength(1);
  });
});

describe('bounds', () => {
  test('a head beyond its bound is 431', async () => {
    const { path } = await open({ limits: { headerBytesMax: 2048 } });
    const visitor = new Visitor(path, get(`http://far.test:${far.port}/`, `X: ${'x'.repeat(4096)}`));
    await visitor.ends();
    expect(visitor.text).toMatch(/^HTTP\/1.1 431 /);
    expect(asked).toEqual([]);
  });

  test('a head that does not end is cut off', async () => {
    const { path } = await open({ limits: { headMs: 50 } });
    const visitor = new Visitor(path, 'CONNECT far.te');
    await visitor.ends();
    expect(visitor.text).toMatch(/^HTTP\/1.1 408 /);
  });

  test('a connection too many is closed and said in the log', async () => {
    const { path, refused } = await open({ limits: { connectionsMax: 2 } });
    const visitors = [1, 2].map(() => new Visitor(path, connectTo(`far.test:${far.port}`)));
    for (const visitor of visitors) await visitor.says('200 Connection Established');
    const third = new Visitor(path, connectTo(`far.test:${far.port}`));
    await third.ends();
    expect(third.text).toBe('');
    expect(refused).toEqual(['relais: network: one connection more than 2 was closed\n']);
  });

  test('connections to the network are counted too, however many requests come on one, and what is too much is 503', async () => {
    const { path, refused, lookups } = await openWaiting({ connectionsMax: 3 });
    const url = `http://far.test:${far.port}/`;
    const asking = new Visitor(path, Array.from({ length: 4 }, () => get(url)).join(''));
    await until('what is too much is refused', () => refused.length > 0);
    const tunnelling = new Visitor(path, connectTo(`far.test:${far.port}`));
    await tunnelling.ends();
    expect(tunnelling.text).toMatch(/^HTTP\/1.1 503 /);
    expect(lookups.length).toBe(3);
    expect(refused).toEqual(
      [1, 2].map(() => 'relais: network: one connection more than 3 to the network was refused\n'),
    );
    for (const lookup of lookups) lookup();
    await asking.ends();
    expect(asking.text.match(/HTTP\/1.1 \d+/g)).toEqual([200, 200, 200, 503].map((status) => `HTTP/1.1 ${status}`));
  });

  test('what nobody waits for any more connects to nothing, and counts until its lookup ends', async () => {
    const { path, refused, lookups } = await openWaiting({ connectionsMax: 3 });
    const target = `far.test:${far.port}`;
    const leaving = new Visitor(path, Array.from({ length: 3 }, () => get(`http://${target}/`)).join(''));
    await until('they are being looked up', () => lookups.length === 3);
    leaving.socket.destroy();
    let accepted = 0;
    far.server.on('connection', () => accepted++);
    const early = new Visitor(path, connectTo(target));
    await early.ends();
    expect(early.text).toMatch(/^HTTP\/1.1 503 /);
    for (const lookup of lookups.splice(0)) lookup();
    const later = new Visitor(path, connectTo(target));
    await until('it is being looked up', () => lookups.length > 0);
    for (const lookup of lookups) lookup();
    await later.says('200 Connection Established');
    await until('it is accepted', () => accepted > 0);
    expect(accepted).toBe(1);
    expect(refused).toHaveLength(1);
  });

  test('a connection that moves nothing is closed', async () => {
    const { path } = await open({ limits: { idleMs: 50 } });
    const visitors = ['', connectTo(`far.test:${far.port}`)].map((bytes) => new Visitor(path, bytes));
    for (const visitor of visitors) await visitor.ends();
    await until('the far end is closed', () => far.connections() === 0);
  });

  test('what cannot be resolved or reached is 502', async () => {
    const { path, refused } = await open({ network: 'allow:nowhere.test:80,far.test:1' });
    for (const target of ['nowhere.test:80', 'far.test:1']) {
      const visitor = new Visitor(path, connectTo(target));
      await visitor.ends();
      expect(visitor.text).toMatch(/^HTTP\/1.1 502 /);
    }
    expect(refused).toEqual([
      'relais: network: nowhere.test cannot be resolved: ENOTFOUND\n',
      'relais: network: far.test:1 cannot be reached: ECONNREFUSED\n',
    ]);
  });

  test('a target that does not answer is 502 after a while', async () => {
    const never = () => new Promise<readonly string[]>(() => {});
    const { path } = await open({ rules: { resolve: never }, limits: { connectMs: 50 } });
    const visitor = new Visitor(path, connectTo(`far.test:${far.port}`));
    await visitor.ends();
    expect(visitor.text).toMatch(/^HTTP\/1.1 502 /);
  });

  test('a closed door ends what went through it, at both ends, and lets nobody in', async () => {
    const { door, path } = await open();
    const visitor = new Visitor(path, connectTo(`far.test:${far.port}`));
    await visitor.says('200 Connection Established');
    door.close();
    await visitor.ends();
    const late = new Visitor(path, connectTo(`far.test:${far.port}`));
    await late.ends();
    expect(late.text).toBe('');
  });
});
