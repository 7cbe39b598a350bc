import http2 from 'node:http2';
import { RelaisError } from '@relais/kit';
import { type Harness, startGateway } from '../testing/harness.js';

let harness: Harness;

beforeEach(async () => {
  harness = await startGateway();
});

afterEach(() => harness.gateway.stop(0));

async function ask(method: string, path: string, body?: string | Buffer, headers: Record<string, string> = {}) {
  const init = { method, headers, ...(body === undefined ? {} : { body: body as string }) };
  const answer = await fetch(harness.url + path, init);
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: () => JSON.parse(text) };
}

const source = 'int main(void) { return 0; }';
const deployHello = () => ask('POST', '/deploy?name=hello&lang=c', source);

test('a deploy answers 201 with exactly the fields of the contract', async () => {
  const answer = await deployHello();
  expect(answer.status).toBe(201);
  const expected = { ok: true, id: 'hello_1728435600', name: 'hello', lang: 'c', wasm: true, version: 1 };
  expect(answer.json()).toEqual(expected);
});

test('PUT /deploy gives a taken name a new version', async () => {
  await deployHello();
  expect((await deployHello()).status).toBe(409);
  const answer = await ask('PUT', '/deploy?name=hello&lang=c', source);
  expect(answer.json()).toMatchObject({ id: 'hello_1728435601', version: 2 });
});

test('a deploy carries its options to the build and to storage', async () => {
  const options =
    'timeoutMs=5000&memoryMb=64&isolation=reuse&cflags=-O2%20-DX=1&cflags=-Wall&env.GREETING=hi+you&http=cgi&strategy=Affinity';
  const answer = await ask('POST', `/deploy?name=hello&lang=c&concurrency=3&filename=h.c&${options}`, source);
  expect(answer.status).toBe(201);
  const { config, isolationCost } = (await ask('GET', '/function/hello')).json();
  expect(isolationCost).toEqual({ newUs: 40, resetUs: 9, reuseUs: 0.1, basis: 'build' });
  expect(config).toEqual({
    timeoutMs: 5000,
    memoryMb: 64,
    concurrency: 3,
    isolation: 'reuse',
    cflags: ['-O2', '-DX=1', '-Wall'],
    env: { GREETING: 'hi you' },
    http: 'cgi',
    strategy: 'affinity',
  });
  expect(harness.dispatch.jobs[0]).toMatchObject({
    lang: 'c',
    budgetMs: 60_000,
    work: { $case: 'build', value: { filename: 'h.c', source: Buffer.from(source), caller: 'hello' } },
  });
});

test('a function that compiles in vain is not stored', async () => {
  const diagnostics = [{ file: 'main.c', line: 3, column: 5, severity: 'error', message: 'expected ;' }];
  harness.dispatch.buildFailure = new RelaisError('invalid_argument', 'No.', { reason: 'compile_error', diagnostics });
  const answer = await deployHello();
  expect(answer.status).toBe(400);
  expect(answer.json().error).toMatchObject({ code: 'invalid_argument', reason: 'compile_error', diagnostics });
  expect(harness.storage.versions).toEqual([]);
});

test('a taken name costs no build', async () => {
  await deployHello();
  const { length } = harness.dispatch.jobs;
  await deployHello();
  expect(harness.dispatch.jobs.length).toBe(length);
});

test('an invocation answers output, id and duration, and its ids in headers', async () => {
  await deployHello();
  const answer = await ask('POST', '/invoke?fn=hello', '{"input":"test"}', {
    'content-type': 'application/x-www-form-urlencoded',
  });
  expect(answer.status).toBe(200);
  const { durationMs, invocationId, ...rest } = answer.json();
  expect(rest).toEqual({ ok: true, output: '{"input":"test"}' });
  expect(durationMs).toBeGreaterThan(0);
  expect(answer.headers.get('x-relais-invocation-id')).toBe(invocationId);
  expect(answer.headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('access-control-allow-origin')).toBeNull();
});

test('an invocation passes on what is left of the time, the trace and the concurrency', async () => {
  await ask('POST', '/deploy?name=hello&lang=c&timeoutMs=700&concurrency=2&idempotent', source);
  const traceparent = '00-11111111111111111111111111111111-2222222222222222-01';
  await ask('POST', '/invoke?fn=hello', 'x', { traceparent });
  const job = harness.dispatch.jobs.at(-1);
  expect(job).toMatchObject({
    budgetMs: 700,
    attempt: 1,
    traceparent: expect.stringContaining('11111111111111111111111111111111'),
    work: {
      value: {
        functionId: 'hello_1728435600',
        functionName: 'hello',
        concurrencyMax: 2,
        idempotent: true,
        strategy: '',
      },
    },
  });
});

test('a malformed traceparent begins a new trace', async () => {
  const answer = await ask('GET', '/healthz', undefined, { traceparent: '00-xyz-01' });
  expect(answer.headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
});

test('output that is not UTF-8 comes as base64, logs only when there are some', async () => {
  await deployHello();
  harness.dispatch.functions.set('hello', () => ({ output: Buffer.from([0xff, 0x00]), logs: 'said "so"\n' }));
  expect((await ask('POST', '/invoke?fn=hello')).json()).toMatchObject({
    output: '/wA=',
    encoding: 'base64',
    logs: 'said "so"\n',
  });
});

test('a failed invocation names itself in body and header', async () => {
  await deployHello();
  harness.dispatch.functions.set('hello', () => {
    throw new RelaisError('resource_exhausted', 'The queue is full.', { reason: 'queue_full', retryAfterMs: 1_200 });
  });
  const answer = await ask('POST', '/invoke?fn=hello');
  expect(answer.status).toBe(429);
  expect(answer.headers.get('retry-after')).toBe('2');
  const { error, ok } = answer.json();
  expect({ ok, ...error }).toMatchObject({
    ok: false,
    code: 'resource_exhausted',
    retryAfterMs: 1_200,
    retryable: true,
  });
  expect(answer.headers.get('x-relais-invocation-id')).toBe(error.invocationId);
  expect(answer.headers.get('traceparent')).toContain(error.traceId);
});

test('source that is not UTF-8 comes as base64', async () => {
  harness.fleet.languages.push({ lang: 'wasm', runs: true, builds: true, reason: '', toolchain: '' });
  await ask('POST', '/deploy?name=w&lang=wasm', Buffer.from([0x00, 0x61, 0x73, 0x6d, 0xff]));
  expect((await ask('GET', '/function/w')).json()).toMatchObject({
    ok: true,
    lang: 'wasm',
    size: 5,
    form: 'program',
    createdAt: '2024-10-09T01:00:00.000Z',
    code: 'AGFzbf8=',
    encoding: 'base64',
  });
});

test('readiness is 503 with every reason until storage, a worker and a language are there', async () => {
  expect((await ask('GET', '/readyz')).json()).toEqual({ ok: true, ready: true });
  harness.fleet.workersReady = 0;
  harness.fleet.languages = [];
  harness.storage.broken = new RelaisError('unavailable', 'Away.');
  const answer = await ask('GET', '/readyz');
  expect(answer.status).toBe(503);
  expect(answer.json().error.message).toMatch(/storage.*No worker is ready.*any language/);
  expect((await ask('GET', '/healthz')).json()).toEqual({ ok: true });
});

test('languages say why not', async () => {
  const { languages } = (await ask('GET', '/languages')).json();
  const rust = languages.find((each: { lang: string }) => each.lang === 'rust');
  expect(rust).toMatchObject({ available: false, aliases: ['rs'], reason: 'rustc is absent: apt install rustc' });
});

test('HEAD answers as GET without a body', async () => {
  const answer = await ask('HEAD', '/healthz');
  expect([answer.status, answer.text, answer.headers.get('content-length')]).toEqual([200, '', '11']);
});

test('an unknown path is 404 with the next step', async () => {
  const answer = await ask('GET', '/nothing/here');
  expect(answer.status).toBe(404);
  expect(answer.json()).toMatchObject({ ok: false, error: { code: 'not_found', reason: 'unknown_path' } });
  expect(answer.json().error.message).toContain('GET / lists');
});

test.each([
  ['PATCH', '/deploy', 'POST, PUT'],
  ['GET', '/invoke?fn=hello', 'POST'],
  ['POST', '/functions', 'GET, HEAD'],
  ['PUT', '/function/hello', 'GET, DELETE, HEAD'],
])('%s %s is 405 with what is allowed', async (method, path, allow) => {
  const answer = await ask(method, path);
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
  expect(answer.json().error).toMatchObject({ code: 'invalid_argument', reason: 'method_not_allowed' });
});

test.each([
  ['/invoke', 'missing_function'],
  ['/invoke?fn=', 'missing_function'],
  ['/invoke?fn=%zz', 'bad_encoding'],
  ['/invoke?fn=%ff', 'bad_encoding'],
  ['/invoke?fn=a&fn=b', 'duplicate_parameter'],
  ['/invoke?fn=a&x=1', 'unknown_parameter'],
  ['/invoke?fn=..%2F..%2Fetc', 'bad_reference'],
  ['/deploy?lang=c', 'missing_name'],
  ['/deploy?name=a&lang=c&timeoutMs=1s', 'bad_config'],
  ['/deploy?name=a&lang=c&update=maybe', 'bad_config'],
])('POST %s is invalid_argument reason %s', async (path, reason) => {
  const answer = await ask('POST', path, 'x');
  expect(answer.status).toBe(400);
  expect(answer.json().error).toMatchObject({ code: 'invalid_argument', reason, fault: 'caller' });
});

test('an unknown parameter of a deploy is named with what was meant', async () => {
  const answer = await ask('POST', '/deploy?name=a&lang=c&timeoutMS=5', 'x');
  expect(answer.json().error.message).toContain('"timeoutMS"; did you mean "timeoutMs"?');
});

test('HTTP/2 reaches the same paths', async () => {
  await deployHello();
  const session = http2.connect(harness.url);
  const stream = session.request({ ':method': 'POST', ':path': '/invoke?fn=hello' });
  stream.end('over h2');
  const chunks: Buffer[] = [];
  const [headers] = await Promise.all([
    new Promise<http2.IncomingHttpHeaders>((resolve) => stream.once('response', resolve)),
    new Promise((resolve) => stream.on('data', (chunk) => chunks.push(chunk)).once('end', resolve)),
  ]);
  session.close();
  expect(headers[':status' as keyof typeof headers]).toBe(200);
  expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({ ok: true, output: 'over h2' });
});
