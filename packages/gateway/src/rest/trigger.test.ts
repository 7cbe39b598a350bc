import type { FakeFunction } from '../testing/fake-dispatch.js';
import { type Harness, startGateway } from '../testing/harness.js';
import { rawExchange } from '../testing/raw.js';

let harness: Harness;

beforeEach(async () => {
  harness = await startGateway();
});

afterEach(() => harness.gateway.stop(0));

async function withFunction(run: FakeFunction): Promise<void> {
  await fetch(`${harness.url}/deploy?name=f&lang=js`, { method: 'POST', body: 'x' });
  harness.dispatch.functions.set('f', run);
}

const header = (name: string, value: string) => ({ name, value });

test('the function sees method, path, query and headers, without those of the connection or ours', async () => {
  await withFunction((work) => ({ output: JSON.stringify({ http: work.http, body: work.payload.toString() }) }));
  const raw = await rawExchange(
    harness.port,
    'PATCH /fn/f/a%20b/c?x=1&y=%20 HTTP/1.1\r\nHost: here.localhost\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\n' +
      'Proxy-Authorization: secret\r\nX-Internal-User: admin\r\nX-Kept: a\r\nX-Kept: b\r\nContent-Length: 4\r\n\r\nbody',
  );
  const { body, http } = JSON.parse(raw.slice(raw.indexOf('\r\n\r\n')));
  expect(body).toBe('body');
  expect(http).toEqual({
    method: 'PATCH',
    path: '/a%20b/c',
    query: 'x=1&y=%20',
    headers: [header('host', 'here.localhost'), header('x-kept', 'a, b'), header('content-length', '4')],
  });
});

test.each([
  ['{"a":1}', 'application/json'],
  [' [1,2]\n', 'application/json'],
  ['-1.5', 'application/json'],
  ['true', 'application/json'],
  ['true enough', 'text/plain; charset=utf-8'],
  ['{oops', 'text/plain; charset=utf-8'],
  ['Hello', 'text/plain; charset=utf-8'],
  ['', 'text/plain; charset=utf-8'],
])('output %j is %s', async (output, type) => {
  await withFunction(() => ({ output }));
  const answer = await fetch(`${harness.url}/fn/f`);
  expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([200, type, output]);
  expect(answer.headers.get('x-relais-invocation-id')).toMatch(/^\w{32}$/);
});

test('a function sets status and headers, but not those of the connection or ours', async () => {
  const headers = [
    header('Content-Type', 'text/csv'),
    header('set-cookie', 'a=1'),
    header('set-cookie', 'b=2'),
    header('transfer-encoding', 'chunked'),
    header('content-length', '999'),
    header('traceparent', 'mine'),
    header('x-internal-x', '1'),
    header('x-content-type-options', 'sniff'),
  ];
  await withFunction(() => ({ output: 'a,b', http: { status: 418, headers } }));
  const answer = await fetch(`${harness.url}/fn/f`, { method: 'DELETE' });
  expect([answer.status, await answer.text(), answer.headers.get('content-type')]).toEqual([418, 'a,b', 'text/csv']);
  expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(answer.headers.get('x-internal-x')).toBeNull();
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('traceparent')).not.toBe('mine');
});

test.each([
  ['a line break in a value', 200, [header('x-a', 'b\r\nset-cookie: stolen=1')]],
  ['a line break in a name', 200, [header('x-a\r\nx-b', 'c')]],
  ['an empty name', 200, [header('', 'c')]],
  ['too many headers', 200, Array.from({ length: 129 }, (_, i) => header(`x-${i}`, 'v'))],
  ['too long headers', 200, [header('x-a', 'v'.repeat(16 * 1024))]],
  ['status 101', 101, []],
  ['status 600', 600, []],
])('a function that answers %s has failed', async (_what, status, headers) => {
  await withFunction(() => ({ output: 'x', http: { status, headers } }));
  const answer = await fetch(`${harness.url}/fn/f`);
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([502, null]);
  const { error } = (await answer.json()) as { error: object };
  expect(error).toMatchObject({ code: 'aborted', reason: 'invalid_response', fault: 'function' });
});

test('status 204 goes without a body', async () => {
  await withFunction(() => ({ output: 'ignored', http: { status: 204, headers: [] } }));
  const answer = await fetch(`${harness.url}/fn/f`);
  expect([answer.status, await answer.text()]).toEqual([204, '']);
});

test('an unknown function and a malformed path are refused', async () => {
  expect((await fetch(`${harness.url}/fn/nothing`)).status).toBe(404);
  expect((await fetch(`${harness.url}/fn/f/%zz`)).status).toBe(400);
  expect((await fetch(`${harness.url}/fn/`)).status).toBe(400);
});

describe('a static function', () => {
  beforeEach(() => fetch(`${harness.url}/deploy?name=page&filename=index.html`, { method: 'POST', body: '<p>hi</p>' }));

  test('is served as HTML without a job', async () => {
    const answer = await fetch(`${harness.url}/fn/page/`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await answer.text()).toBe('<p>hi</p>');
    expect(harness.dispatch.jobs).toEqual([]);
  });

  test('is not sent again to whom has it', async () => {
    const etag = (await fetch(`${harness.url}/fn/page`)).headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
    const answer = await fetch(`${harness.url}/fn/page`, { headers: { 'if-none-match': `"x", W/${etag}` } });
    expect([answer.status, await answer.text()]).toEqual([304, '']);
    const changed = await fetch(`${harness.url}/fn/page`, { headers: { 'if-none-match': '"x"' } });
    expect(changed.status).toBe(200);
  });

  test('answers HEAD with its length, nothing else but GET, and has no paths', async () => {
    const head = await fetch(`${harness.url}/fn/page`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '9', '']);
    const post = await fetch(`${harness.url}/fn/page`, { method: 'POST', body: 'x' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await fetch(`${harness.url}/fn/page/other`)).status).toBe(404);
  });
});
