import { ListFunctionsRequest, ListFunctionsResponse, StorageServiceService } from '@relais/contracts';
import { RelaisError } from '../../errors/relais-error.js';
import { type Logger, silentLogger } from '../../logging/logger.js';
import type { CallContext } from '../context.js';
import { Bench, emptyList, failureOf, listing, until } from '../fixtures.js';
import type { ServiceOf } from '../service.js';
import { registration } from './registration.js';

type Storage = ServiceOf<typeof StorageServiceService>;

const request = ListFunctionsRequest.create({ pageSize: 7, afterName: 'a' });
let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.down());

async function clientOf(storage: Storage, logger: Logger = silentLogger): Promise<Storage> {
  await bench.server({ registrations: [registration(StorageServiceService, storage, 'storage')], logger });
  return (await bench.channel()).service(StorageServiceService);
}

test('request, answer, budget and traceparent cross', async () => {
  const seen: unknown[] = [];
  const client = await clientOf(
    listing(async (asked, context) => {
      seen.push(asked, context.traceparent, context.budgetMs);
      return ListFunctionsResponse.create({ more: true });
    }),
  );
  const answer = await client.listFunctions(request, { budgetMs: 10_000, traceparent: '00-ab-cd-01' });
  expect(answer).toEqual({ versions: [], more: true });
  expect(seen.slice(0, 2)).toEqual([request, '00-ab-cd-01']);
  expect(seen[2]).toBeLessThanOrEqual(9_995);
  expect(seen[2]).toBeGreaterThan(5_000);
});

test.each([
  ['an answer', async () => ListFunctionsResponse.create()],
  ['a failure', () => Promise.reject(new RelaisError('not_found', 'no'))],
])('spans that ended at the server come with %s', async (_what, answer) => {
  const given: string[] = [];
  const idle = { take: () => undefined, give: () => {}, leave: () => {} };
  const carrier = { ...idle, take: (traceparent: string) => Buffer.from(`spans of ${traceparent}`) };
  const registrations = [registration(StorageServiceService, listing(answer), 'storage')];
  await bench.server({ registrations, carrier });
  const give = (traceparent: string, spans: Buffer) => void given.push(`${traceparent}: ${spans}`);
  const client = (await bench.channel({ carrier: { ...idle, give } })).service(StorageServiceService);
  await client.listFunctions(request, { budgetMs: 5_000, traceparent: '00-ab-cd-01' }).catch(() => undefined);
  await client.listFunctions(request, { budgetMs: 5_000 }).catch(() => undefined);
  expect(given).toEqual(['00-ab-cd-01: spans of 00-ab-cd-01']);
});

test('a failure crosses with every field but its cause', async () => {
  const thrown = new RelaisError('invalid_argument', 'it does not compile: ü \u{1f600}', {
    reason: 'compile_error',
    fault: 'caller',
    invocationId: 'i1',
    traceId: 't1',
    retryable: true,
    retryAfterMs: 250,
    diagnostics: [{ file: 'a.c', line: 3, column: 9, severity: 'error', message: 'expected ;' }],
    exit: { exitCode: 2, signal: '', stack: 'at main', stderrTail: 'boo' },
    limit: { name: 'payloadBytesMax', limit: 6, used: 7 },
    timings: { queuedUs: 1, coldUs: 2, runUs: 3, fetchUs: 4, compileUs: 5, startUs: 6, initUs: 7 },
    workerId: 'w1',
    cause: new Error('secret'),
  });
  const client = await clientOf(listing(() => Promise.reject(thrown)));
  const error = await failureOf(client.listFunctions(request, { budgetMs: 5_000 }));
  const { cause: _, ...fields } = thrown.fields;
  expect({ code: error.code, message: error.message, fields: error.fields }).toEqual({
    code: 'invalid_argument',
    message: thrown.message,
    fields: { ...fields, component: 'storage' },
  });
});

test('a failure too long for trailers crosses cut, one with half a character crosses whole', async () => {
  const diagnostics = Array.from({ length: 500 }, (_, line) => ({
    file: 'a.c',
    line,
    column: 1,
    severity: 'error',
    message: 'm'.repeat(500),
  }));
  const client = await clientOf(
    listing(({ afterName }) =>
      Promise.reject(
        afterName === 'long'
          ? new RelaisError('invalid_argument', 'x'.repeat(100_000), { reason: 'compile_error', diagnostics })
          : new RelaisError('not_found', 'half \ud83d', { reason: 'half' }),
      ),
    ),
  );
  const long = await failureOf(client.listFunctions({ pageSize: 1, afterName: 'long' }, { budgetMs: 5_000 }));
  expect([long.code, long.fields.reason, long.fields.diagnostics?.length]).toEqual([
    'invalid_argument',
    'compile_error',
    16,
  ]);
  const half = await failureOf(client.listFunctions(request, { budgetMs: 5_000 }));
  expect([half.code, half.fields.reason]).toEqual(['not_found', 'half']);
});

test('what is no RelaisError becomes internal, and its text stays in the log of the server', async () => {
  const logged: object[] = [];
  const logger: Logger = { ...silentLogger, error: (fields) => logged.push(fields) };
  const thrown = new TypeError('the password is swordfish');
  const client = await clientOf(
    listing(() => {
      throw thrown;
    }),
    logger,
  );
  const error = await failureOf(client.listFunctions(request, { budgetMs: 5_000 }));
  expect([error.code, error.fault, error.fields.component]).toEqual(['internal', 'platform', 'storage']);
  expect(error.message).not.toMatch(/swordfish/);
  expect(logged).toEqual([{ err: thrown, path: '/relais.internal.v1.StorageService/ListFunctions' }]);
});

test('the deadline ends the call on both sides', async () => {
  const signals: AbortSignal[] = [];
  const client = await clientOf(
    listing((_request, { signal }) => {
      signals.push(signal as AbortSignal);
      return new Promise(() => {});
    }),
  );
  const beganMs = performance.now();
  const error = await failureOf(client.listFunctions(request, { budgetMs: 120 }));
  expect([error.code, error.fault]).toEqual(['deadline_exceeded', 'platform']);
  expect(performance.now() - beganMs).toBeLessThan(2_000);
  await until(() => signals[0]?.aborted === true, 'the signal of the call');
  const spent = await failureOf(client.listFunctions(request, { budgetMs: 5 }));
  expect([spent.code, spent.fields.reason]).toEqual(['deadline_exceeded', 'budget_spent']);
  expect(signals).toHaveLength(1);
});

test('a signal cancels the call on both sides', async () => {
  const contexts: CallContext[] = [];
  const client = await clientOf(
    listing((_request, context) => {
      contexts.push({ ...context });
      return new Promise(() => {});
    }),
  );
  const controller = new AbortController();
  const failure = failureOf(client.listFunctions(request, { budgetMs: 10_000, signal: controller.signal }));
  await until(() => contexts.length === 1, 'the call to arrive');
  expect(contexts[0]?.signal?.aborted).toBe(false);
  controller.abort();
  expect((await failure).code).toBe('cancelled');
  await until(() => contexts[0]?.signal?.aborted === true, 'the signal of the call');
  const late = await failureOf(client.listFunctions(request, { budgetMs: 10_000, signal: controller.signal }));
  expect(late.code).toBe('cancelled');
  expect(contexts).toHaveLength(1);
});

test('the signal of an answered call does not fire', async () => {
  const signals: AbortSignal[] = [];
  const client = await clientOf(
    listing(async (_request, context) => {
      signals.push(context.signal as AbortSignal);
      return ListFunctionsResponse.create();
    }),
  );
  await client.listFunctions(request, { budgetMs: 5_000 });
  await client.listFunctions(request, { budgetMs: 5_000 });
  expect(signals.map((one) => one.aborted)).toEqual([false, false]);
});

test('messages larger than the default of grpc-js cross', async () => {
  const afterName = 'n'.repeat(20_000_000);
  const client = await clientOf(
    listing(async (asked) => ListFunctionsResponse.create({ more: asked.afterName === afterName })),
  );
  expect((await client.listFunctions({ pageSize: 1, afterName }, { budgetMs: 15_000 })).more).toBe(true);
});

test('a peer that is away is unavailable and says who and what to do; where it was looked for is the cause', async () => {
  const client = (await bench.channel()).service(StorageServiceService);
  const error = await failureOf(client.listFunctions(request, { budgetMs: 300 }));
  expect(error.code).toBe('unavailable');
  expect([error.retryable, error.fields.reason, error.fields.notStarted]).toEqual([true, 'peer_unreachable', true]);
  expect(error.message).toBe('Cannot reach storage; try again shortly, and check that it runs if this lasts.');
  expect(String(error.fields.cause)).toContain(`storage at ${bench.address}: `);
});

test('a call waits for a peer that restarts, and can be given up meanwhile', async () => {
  const client = (await bench.channel()).service(StorageServiceService);
  const waiting = client.listFunctions(request, { budgetMs: 15_000 });
  const controller = new AbortController();
  const givenUp = failureOf(client.listFunctions(request, { budgetMs: 15_000, signal: controller.signal }));
  controller.abort();
  expect((await givenUp).code).toBe('cancelled');
  await bench.server({ registrations: [registration(StorageServiceService, listing(emptyList), 'storage')] });
  expect(await waiting).toEqual(ListFunctionsResponse.create());
});

test('a channel that stops lets nothing wait for a connection', async () => {
  const channel = await bench.channel();
  const waiting = failureOf(channel.service(StorageServiceService).listFunctions(request, { budgetMs: 15_000 }));
  await channel.stop(0);
  expect([(await waiting).code, (await waiting).fields.notStarted]).toEqual(['unavailable', true]);
});

test('a call that was sent when the connection broke is unavailable, and not said to be unsent', async () => {
  let arrived = false;
  const never = () => {
    arrived = true;
    return new Promise<ListFunctionsResponse>(() => {});
  };
  const server = await bench.server({
    registrations: [registration(StorageServiceService, listing(never), 'storage')],
  });
  const client = (await bench.channel()).service(StorageServiceService);
  const failure = failureOf(client.listFunctions(request, { budgetMs: 15_000 }));
  await until(() => arrived, 'the call to arrive');
  await server.stop(0);
  const { code, fields } = await failure;
  expect([code, fields.reason, fields.notStarted]).toEqual(['unavailable', 'peer_unreachable', undefined]);
});

test('a channel finds a server that comes back', async () => {
  const registrations = [registration(StorageServiceService, listing(emptyList), 'storage')];
  const first = await bench.server({ registrations });
  const client = (await bench.channel()).service(StorageServiceService);
  await client.listFunctions(request, { budgetMs: 5_000 });
  await first.stop(0);
  await bench.server({ registrations });
  let answered = false;
  const ask = () =>
    client.listFunctions(request, { budgetMs: 5_000 }).then(
      () => true,
      () => false,
    );
  const endMs = performance.now() + 8_000;
  while (!answered && performance.now() < endMs) answered = await ask();
  expect(answered).toBe(true);
});

test('stopping a channel waits for its calls and refuses new ones', async () => {
  const answers: (() => void)[] = [];
  await bench.server({
    registrations: [
      registration(
        StorageServiceService,
        listing(() => new Promise((resolve) => answers.push(() => resolve(ListFunctionsResponse.create())))),
        'storage',
      ),
    ],
  });
  const channel = await bench.channel();
  const client = channel.service(StorageServiceService);
  const underWay = client.listFunctions(request, { budgetMs: 10_000 });
  await until(() => answers.length === 1, 'the call to arrive');
  const stopped = channel.stop(10_000);
  expect((await failureOf(client.listFunctions(request, { budgetMs: 10_000 }))).code).toBe('unavailable');
  answers[0]?.();
  expect(await underWay).toEqual(ListFunctionsResponse.create());
  await stopped;
});
