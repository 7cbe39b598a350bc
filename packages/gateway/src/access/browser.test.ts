import http2 from 'node:http2';
import { type Harness, startGateway } from '../testing/harness.js';
import { rawExchange } from '../testing/raw.js';

let harness: Harness;

beforeEach(async () => {
  harness = await startGateway({ publicHosts: ['relais.example', 'other.example:8443'] });
  await deploy('private', '');
  await deploy('open', '&auth=public');
  await deploy('shared', '&cors=https://app.example');
});

afterEach(() => harness.gateway.stop(0));

async function deploy(name: string, more: string): Promise<void> {
  const answer = await fetch(`${harness.url}/deploy?name=${name}&lang=js${more}`, { method: 'POST', body: 'x' });
  expect(answer.status).toBe(201);
}

interface Answer {
  status: number;
  reason: string | undefined;
  headers: Record<string, string>;
}

/** Sends a request with the headers a browser would send, which fetch does not let a script set. */
async function ask(target: string, headers: Record<string, string>, method = 'POST'): Promise<Answer> {
  const all = { host: `127.0.0.1:${harness.port}`, connection: 'close', 'content-length': '0', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const raw = await rawExchange(harness.port, `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
  const [head = '', body = ''] = raw.split('\r\n\r\n');
  const answered = Object.fromEntries(
    head
      .split('\r\n')
      .slice(1)
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  return { status: Number(raw.split(' ')[1]), reason: reasonOf(body), headers: answered };
}

function reasonOf(body: string): string | undefined {
  try {
    const { details, error } = JSON.parse(body);
    return error?.reason ?? details?.[0]?.debug?.reason;
  } catch {
    return undefined;
  }
}

const invoke = '/invoke?fn=private';
const rpc = '/relais.v1.FunctionService/ListFunctions';
const json = { 'content-type': 'application/json' };

describe('the host of a request', () => {
  test.each([
    'localhost',
    'localhost:8080',
    'LOCALHOST',
    'app.localhost:1',
    '127.0.0.1',
    '10.1.2.3:80',
    '[::1]:8080',
    'relais.example',
    'relais.example:4433',
    'other.example:8443',
  ])('%s is ours', async (host) => {
    expect((await ask(invoke, { host })).status).toBe(200);
  });

  test.each([
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'other.example:80',
    'evil.example@localhost',
    'localhost@evil.example',
    'relais.example.',
    '127.0.0.1:99999999',
    '[::1',
    '',
  ])('%j is not, for anything but public functions', async (host) => {
    const refused = { status: 403, reason: 'foreign_host' };
    expect(await ask(invoke, { host })).toMatchObject(refused);
    expect(await ask('/deploy?name=evil&lang=js', { host })).toMatchObject(refused);
    expect(await ask('/functions', { host }, 'GET')).toMatchObject(refused);
    expect(await ask('/fn/private', { host }, 'GET')).toMatchObject(refused);
    expect(await ask('/fn/shared', { host, origin: 'https://app.example' })).toMatchObject(refused);
    expect((await ask(rpc, { host, ...json })).status).toBe(403);
    expect((await ask('/fn/open', { host }, 'GET')).status).toBe(200);
    expect(harness.storage.versions).toHaveLength(3);
  });

  test('is looked at over HTTP/2 too', async () => {
    const session = http2.connect(harness.url);
    const statusOf = (authority: string) =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':method': 'POST', ':path': invoke, ':authority': authority });
        stream.once('response', (headers) => resolve(headers[':status' as keyof typeof headers]));
        stream.once('error', reject);
        stream.end();
      });
    expect([await statusOf('localhost'), await statusOf('evil.example')]).toEqual([200, 403]);
    session.close();
  });

  test('may be absent, as in HTTP/1.0', async () => {
    expect(await rawExchange(harness.port, 'POST /invoke?fn=private HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe('a page of another origin', () => {
  const foreign: [what: string, headers: Record<string, string>][] = [
    ['another site', { origin: 'https://evil.example' }],
    ['a sandbox', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' }],
    ['another site by a link', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }],
    ['another site by an image', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    ['something that is no origin', { origin: 'http://127.0.0.1:80/x' }],
  ];

  test.each(foreign)('of %s reaches nothing but public functions', async (_what, headers) => {
    const refused = { status: 403, reason: 'foreign_origin' };
    expect(await ask('/deploy?name=evil&lang=js', headers)).toMatchObject(refused);
    expect(await ask(invoke, headers)).toMatchObject(refused);
    expect(await ask('/function/private', headers, 'DELETE')).toMatchObject(refused);
    expect(await ask('/fn/private', headers, 'GET')).toMatchObject(refused);
    expect(await ask('/fn/shared', headers, 'GET')).toMatchObject(refused);
    expect(await ask('/fn/nothing', headers, 'GET')).toMatchObject(refused);
    expect((await ask(rpc, { ...headers, ...json })).status).toBe(403);
    const open = await ask('/fn/open', headers, 'GET');
    expect(open.status).toBe(200);
    expect(open.headers['access-control-allow-origin']).toBeUndefined();
    expect(harness.storage.versions).toHaveLength(3);
  });

  test.each([
    ['our own page', { origin: `ORIGIN`, 'sec-fetch-site': 'same-origin' }],
    ['our own page behind a proxy', { host: 'relais.example', origin: 'https://relais.example' }],
    ['a page of another name of ours', { origin: 'https://other.example:8443' }],
    ['the address bar', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }],
  ])('%s is none', async (_what, headers: Record<string, string>) => {
    const origin = headers.origin?.replace('ORIGIN', `http://127.0.0.1:${harness.port}`);
    expect((await ask(invoke, { ...headers, ...(origin ? { origin } : {}) })).status).toBe(200);
  });

  test('may link to the start page and to nothing else', async () => {
    const visit = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await ask('/', visit, 'GET')).status).toBe(200);
    expect((await ask('/functions', visit, 'GET')).status).toBe(403);
    expect((await ask('/', { ...visit, 'sec-fetch-dest': 'iframe' }, 'GET')).status).toBe(403);
  });
});

describe('cors of a function', () => {
  const origin = 'https://app.example';
  const asking = { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-mine' };

  test('lets a page of the origin call it and read what comes, failures too', async () => {
    const answer = await ask('/fn/shared', { origin });
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': origin, vary: 'origin' });
    harness.dispatch.functions.set('shared', () => {
      throw new Error('no');
    });
    const failure = await ask('/fn/shared', { origin });
    expect([failure.status, failure.headers['access-control-allow-origin']]).toEqual([500, origin]);
  });

  test('adds to what the function says its answer varies with', async () => {
    const own = { name: 'Vary', value: 'accept-language' };
    harness.dispatch.functions.set('shared', () => ({ output: '', http: { status: 200, headers: [own] } }));
    expect((await ask('/fn/shared', { origin })).headers.vary).toBe('accept-language, origin');
    const twice = [own, { name: 'vary', value: 'cookie' }];
    harness.dispatch.functions.set('shared', () => ({ output: '', http: { status: 200, headers: twice } }));
    expect((await ask('/fn/shared', {})).headers.vary).toBe('accept-language, cookie, origin');
  });

  test('answers what browsers ask before, without calling the function', async () => {
    const jobs = harness.dispatch.jobs.length;
    const answer = await ask('/fn/shared', asking, 'OPTIONS');
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': expect.stringContaining('PUT'),
      'access-control-allow-headers': 'x-mine',
    });
    expect(harness.dispatch.jobs).toHaveLength(jobs);
  });

  test('is of that function and that origin alone', async () => {
    expect((await ask('/fn/private', asking, 'OPTIONS')).status).toBe(403);
    expect((await ask('/fn/shared', { ...asking, origin: 'https://app.example:444' }, 'OPTIONS')).status).toBe(403);
    expect((await ask('/invoke?fn=shared', { origin })).status).toBe(403);
  });

  test('"*" means every origin, that of a sandbox too', async () => {
    await deploy('any', '&cors=*');
    for (const each of ['null', 'https://evil.example']) {
      expect((await ask('/fn/any', { origin: each })).headers['access-control-allow-origin']).toBe(each);
    }
  });

  test.each(['example.org', 'https://example.org/', 'https://a.example/x', 'null', 'HTTPS://A.example', 'ftp://a'])(
    '%s is refused at deploy',
    async (cors) => {
      const query = `name=bad&lang=js&cors=${encodeURIComponent(cors)}`;
      const answer = await fetch(`${harness.url}/deploy?${query}`, { method: 'POST', body: 'x' });
      expect([answer.status, ((await answer.json()) as { error: { reason: string } }).error.reason]).toEqual([
        400,
        'bad_config',
      ]);
    },
  );
});

test.each(['f', 'page'])('what the function %s answers has an origin of its own in a browser', async (name) => {
  await deploy('f', '&auth=public');
  await fetch(`${harness.url}/deploy?name=page&lang=html`, { method: 'POST', body: '<p>' });
  const own = { name: 'content-security-policy', value: "default-src 'none'" };
  harness.dispatch.functions.set('f', () => ({ output: '<p>', http: { status: 200, headers: [own] } }));
  const { headers } = await fetch(`${harness.url}/fn/${name}`);
  expect(headers.get('content-security-policy')).toMatch(/(^|, )sandbox [a-z -]+$/);
  expect(headers.get('content-security-policy')).not.toContain('allow-same-origin');
  expect(headers.get('content-security-policy')?.startsWith("default-src 'none', ")).toBe(name === 'f');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

test('gRPC, gRPC-Web and streams of Connect are refused in their own words', async () => {
  const seen: Record<string, unknown>[] = [];
  for (const type of ['application/grpc', 'application/grpc-web+proto', 'application/connect+json']) {
    const answer = await ask(rpc, { host: 'evil.example', 'content-type': type });
    seen.push({ type: answer.headers['content-type'], status: answer.status });
  }
  expect(seen).toEqual([
    { type: 'application/grpc', status: 200 },
    { type: 'application/grpc-web+proto', status: 200 },
    { type: 'application/connect+json', status: 200 },
  ]);
});
