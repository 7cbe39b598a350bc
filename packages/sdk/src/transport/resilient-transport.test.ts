import { Code, ConnectError, createClient, createContextValues, createRouterTransport } from '@connectrpc/connect';
import { cluster, error, invocation } from '@relais/contracts/edge';
import { RelaisError } from '../errors/relais-error.js';
import { ManualTiming } from '../testing/manual-timing.js';
import { ResilientTransport, repeatable } from './resilient-transport.js';
import { retryDefaults } from './retry-policy.js';

const timeoutMs = 5_000;

/** A platform in memory that fails with each of `failures` in turn, then answers. */
function platform(failures: unknown[], timing: ManualTiming, tookMs = 0) {
  const calls = { count: 0 };
  const next = () => {
    calls.count++;
    timing.advance(tookMs);
    const failure = failures.shift();
    if (failure) throw failure;
    return {};
  };
  const inner = createRouterTransport(({ service }) => {
    service(invocation.InvocationService, { invoke: next });
    service(cluster.ClusterService, { getStatus: next });
  });
  const transport = new ResilientTransport(inner, { retry: retryDefaults, timeoutMs, timing });
  return {
    calls,
    invocations: createClient(invocation.InvocationService, transport),
    cluster: createClient(cluster.ClusterService, transport),
  };
}

function refusal(retryable: boolean, retryAfterMs = 0): ConnectError {
  const value = { code: 'unavailable', message: 'Not now.', reason: 'worker_lost', retryable, retryAfterMs };
  return new ConnectError('Not now.', Code.Unavailable, undefined, [{ desc: error.ErrorDetailSchema, value }]);
}

let timing: ManualTiming;

beforeEach(() => {
  timing = new ManualTiming();
});

test('waits as long as it is told to, then succeeds', async () => {
  const { calls, invocations } = platform([refusal(true, 200), refusal(true)], timing);
  await invocations.invoke({ function: 'f' });
  expect([calls.count, timing.slept]).toEqual([3, [250, 100]]);
});

test('what may have run is not sent again', async () => {
  const { calls, invocations } = platform([refusal(false)], timing);
  await expect(invocations.invoke({ function: 'f' })).rejects.toMatchObject({ code: 'unavailable' });
  expect(calls.count).toBe(1);
});

test('what may have run is sent again when the caller says that it does no harm', async () => {
  const { calls, invocations } = platform([refusal(false)], timing);
  await invocations.invoke({ function: 'f' }, { contextValues: createContextValues().set(repeatable, true) });
  expect(calls.count).toBe(2);
});

test('what only reads is sent again', async () => {
  const { calls, cluster: fleet } = platform([refusal(false)], timing);
  await fleet.getStatus({});
  expect(calls.count).toBe(2);
});

test('the deadline covers every attempt', async () => {
  const { calls, invocations } = platform([refusal(true), refusal(true), refusal(true)], timing, 3_000);
  await expect(invocations.invoke({ function: 'f' })).rejects.toMatchObject({ code: 'unavailable' });
  expect(calls.count).toBe(2);
});

test('a client whose calls all fail soon stops repeating them', async () => {
  const failures = Array.from({ length: 300 }, () => refusal(true));
  const { calls, invocations } = platform(failures, timing);
  for (let call = 0; call < 100; call++) await invocations.invoke({ function: 'f' }).catch(() => undefined);
  expect(calls.count).toBeLessThanOrEqual(120);
});

test('a caller that gives up gets one word for it', async () => {
  const { invocations } = platform([], timing);
  const failure = await invocations
    .invoke({ function: 'f' }, { signal: AbortSignal.abort() })
    .catch((thrown) => thrown);
  expect(RelaisError.is(failure)).toBe(true);
  expect(failure).toMatchObject({ code: 'cancelled', reason: 'aborted_by_caller', fault: 'caller' });
});

test.each([2 ** 31, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])(
  'a deadline of %d ms is further away than a timer can wait, and the longest one stands for it',
  async (endlessMs) => {
    const longest = 2 ** 31 - 1;
    const seen: unknown[] = [];
    const failing = async (_method: unknown, _signal: unknown, given: number | undefined) => {
      seen.push(given);
      throw new ConnectError('Seen.', Code.InvalidArgument);
    };
    const transport = new ResilientTransport(
      { unary: failing, stream: failing },
      { retry: undefined, timeoutMs: endlessMs, timing },
    );
    const client = createClient(invocation.InvocationService, transport);
    const stream = async (options: object) => {
      for await (const _ of client.invokeStream({}, options));
    };
    await expect(client.invoke({})).rejects.toThrow('Seen.');
    await expect(client.invoke({}, { timeoutMs: endlessMs })).rejects.toThrow('Seen.');
    await expect(stream({ timeoutMs: endlessMs })).rejects.toThrow('Seen.');
    await expect(stream({})).rejects.toThrow('Seen.');
    expect(seen).toEqual([longest, longest, longest, undefined]);
  },
);
