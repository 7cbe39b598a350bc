import { passThroughTracer, RelaisError, type Span, type SpanStart } from '@relais/kit';
import { answerThat, type Harness, startGateway, until } from '../testing/harness.js';

interface Told {
  error: { retryable: boolean; message: string };
}

let harness: Harness;

afterEach(() => harness.gateway.stop(0));

const deploy = (query: string, body = 'x') => fetch(`${harness.url}/deploy?${query}`, { method: 'POST', body });
const invoke = (reference: string) => fetch(`${harness.url}/invoke?fn=${reference}`, { method: 'POST' });

describe('the cache of resolved functions', () => {
  beforeEach(async () => {
    harness = await startGateway();
    await deploy('name=hello&lang=c');
    await invoke('hello');
    harness.storage.resolves = 0;
  });

  /** Calls until so often storage has been asked. */
  const resolvesAfterCalls = (willDo: (resolves: number) => boolean) =>
    answerThat(async () => {
      await invoke('hello');
      return harness.storage.resolves;
    }, willDo);

  test('spares storage the next invocation', async () => {
    await invoke('hello');
    expect(harness.storage.resolves).toBe(0);
  });

  test("is ended at once by the gateway's own deploy", async () => {
    await fetch(`${harness.url}/deploy?name=hello&lang=c`, { method: 'PUT', body: 'y' });
    await invoke('hello');
    expect(harness.dispatch.jobs.at(-1)?.work).toMatchObject({ value: { functionId: 'hello_1728435601' } });
  });

  test("is ended by another gateway's change", async () => {
    const { storage } = harness;
    storage.announce('hello');
    await resolvesAfterCalls((resolves) => resolves > 0);
  });

  test('is not believed while the feed is broken, and again when it is back', async () => {
    const { storage } = harness;
    storage.waitForChange = () => Promise.reject(new RelaisError('unavailable', 'Away.'));
    storage.wake();
    await resolvesAfterCalls((resolves) => resolves >= 3);
    Reflect.deleteProperty(storage, 'waitForChange');
    let before = -1;
    await resolvesAfterCalls((resolves) => {
      const isSame = before === resolves;
      before = resolves;
      return isSame;
    });
  });
});

test('no call outlives its time by more than 1 s, whatever the fleet does', async () => {
  harness = await startGateway();
  await deploy('name=hello&lang=c&timeoutMs=1');
  harness.dispatch.functions.set('hello', () => new Promise(() => {}));
  const answer = await invoke('hello');
  expect(answer.status).toBe(504);
  const { error } = (await answer.json()) as { error: object };
  expect(error).toMatchObject({ code: 'deadline_exceeded', fault: 'platform', invocationId: expect.any(String) });
});

test('a storage that never answers is unavailable', async () => {
  harness = await startGateway({ limits: { controlTimeoutMs: 1 } });
  harness.storage.listFunctions = () => new Promise(() => {});
  const answer = await fetch(`${harness.url}/functions`);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
});

test.each([
  ['was not sent', { reason: 'peer_unreachable', notStarted: true }, true, 'Away; try again.'],
  [
    'may have been sent',
    { reason: 'peer_unreachable' },
    false,
    'The connection to storage was lost before it answered this change. It may have been stored: look before you repeat it.',
  ],
  [
    'may be on the disk',
    { reason: 'storage_write_failed', retryable: true },
    false,
    'Away; try again. It may have been stored: look before you repeat it.',
  ],
  ['waited for too long', { reason: 'storage_queue_full' }, true, 'Away; try again.'],
])('whether a write that %s may be repeated, and what is said of it', async (_what, fields, retryable, message) => {
  harness = await startGateway();
  const failure = new RelaisError('unavailable', 'Away; try again.', fields);
  const away = () => Promise.reject(failure);
  Object.assign(harness.storage, { createVersion: away, deleteFunction: away, listFunctions: away });
  const answers = [
    await deploy('name=hello&lang=c'),
    await fetch(`${harness.url}/function/hello`, { method: 'DELETE' }),
    await fetch(`${harness.url}/functions`),
  ];
  const told = await Promise.all(answers.map(async (answer) => ((await answer.json()) as Told).error));
  expect(told.map((error) => error.retryable)).toEqual([retryable, retryable, true]);
  expect(told.map((error) => error.message)).toEqual([message, message, 'Away; try again.']);
});

test('a write that storage does not answer is not to be repeated', async () => {
  harness = await startGateway({ limits: { controlTimeoutMs: 1 } });
  harness.storage.deleteFunction = () => new Promise(() => {});
  const answer = await fetch(`${harness.url}/function/hello`, { method: 'DELETE' });
  expect(await answer.json()).toMatchObject({ error: { reason: 'no_answer', retryable: false } });
});

test('a deploy before any worker is attached is unavailable, not impossible', async () => {
  harness = await startGateway();
  harness.fleet.languages = [];
  const answer = await deploy('name=hello&lang=c');
  const { error } = (await answer.json()) as { error: object };
  expect(error).toMatchObject({ code: 'unavailable', reason: 'no_worker', retryable: true });
});

test('what is thrown by accident is internal, and its cause stays in the log', async () => {
  const logged: object[] = [];
  const log = (fields: object) => void logged.push(fields);
  harness = await startGateway({ logger: { debug: () => {}, info: () => {}, warn: log, error: log } });
  harness.storage.listFunctions = () => Promise.reject(new TypeError('secret detail'));
  const answer = await fetch(`${harness.url}/functions`);
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain('secret detail');
  expect(logged).toMatchObject([{ route: '/functions', cause: expect.stringContaining('secret detail') }]);
});

describe('spans', () => {
  const spans: { name: string; start: SpanStart; set: object; failure: RelaisError | undefined }[] = [];
  const tracer = {
    start(name: string, start: SpanStart): Span {
      const kept = { name, start, set: {}, failure: undefined as RelaisError | undefined };
      const inner = passThroughTracer.start(name, start);
      return {
        traceparent: inner.traceparent,
        recording: true,
        keep: () => '',
        set: (attributes) => void Object.assign(kept.set, attributes),
        end: (failure) => {
          kept.failure = failure;
          spans.push(kept);
        },
      };
    },
  };

  beforeEach(async () => {
    harness = await startGateway({ tracer });
    await deploy('name=hello&lang=c');
    spans.length = 0;
  });

  test('one per REST request, named by its route, with the invocation', async () => {
    const answer = await invoke('hello');
    await until(() => spans.length === 1);
    const id = answer.headers.get('x-relais-invocation-id');
    expect(spans[0]).toMatchObject({
      name: 'POST /invoke',
      start: { kind: 'server', attributes: { 'http.request.method': 'POST', 'http.route': '/invoke' } },
      set: { 'http.response.status_code': 200, 'faas.invocation.id': id, 'faas.name': 'hello' },
      failure: undefined,
    });
    expect(harness.dispatch.jobs.at(-1)?.traceparent).toBe(answer.headers.get('traceparent'));
  });

  test('a failure ends it', async () => {
    await fetch(`${harness.url}/function/nothing`);
    await until(() => spans.length === 1);
    expect(spans[0]).toMatchObject({ set: { 'http.response.status_code': 404 }, failure: { code: 'not_found' } });
  });

  test('one per RPC, named by its procedure', async () => {
    const headers = { 'content-type': 'application/json' };
    const path = '/relais.v1.InvocationService/Invoke';
    await fetch(harness.url + path, { method: 'POST', headers, body: '{"function":"hello"}' });
    await until(() => spans.length === 1);
    expect(spans[0]).toMatchObject({
      name: 'relais.v1.InvocationService/Invoke',
      start: { attributes: { 'rpc.system.name': 'connectrpc', 'rpc.method': 'relais.v1.InvocationService/Invoke' } },
      set: { 'faas.invocation.id': expect.any(String), 'faas.name': 'hello' },
    });
  });
});
