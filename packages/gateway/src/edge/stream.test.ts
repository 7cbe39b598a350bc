import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { error as edgeError, invocation } from '@relais/contracts/edge';
import { passThroughTracer, RelaisError, type SpanStart } from '@relais/kit';
import { type Harness, startGateway, until } from '../testing/harness.js';

let harness: Harness;

beforeEach(async () => {
  harness = await startGateway({ limits: { eventStreamIdleMs: 30 } });
  await fetch(`${harness.url}/deploy?name=f&lang=js`, { method: 'POST', body: 'x' });
});

afterEach(() => harness.gateway.stop(0));

const transports: [string, () => Transport][] = [
  ['Connect over HTTP/1.1', () => createConnectTransport({ baseUrl: harness.url, httpVersion: '1.1' })],
  ['Connect over HTTP/2', () => createConnectTransport({ baseUrl: harness.url, httpVersion: '2' })],
  ['gRPC', () => createGrpcTransport({ baseUrl: harness.url })],
  ['gRPC-Web', () => createGrpcWebTransport({ baseUrl: harness.url, httpVersion: '1.1' })],
];

const text = (data: string) => ({ data: Buffer.from(data) });

function chunkOf({ event }: invocation.InvokeStreamResponse): unknown {
  return event.case === 'chunk' ? event.value.output.value : event.case;
}

describe.each(transports)('InvokeStream by %s', (_name, transport) => {
  const stream = (payload: invocation.InvokeStreamRequest['payload'], signal?: AbortSignal) =>
    createClient(invocation.InvocationService, transport()).invokeStream(
      { function: 'f', payload },
      signal ? { signal } : {},
    );

  test('hands on chunks as they come, then how it ended', async () => {
    const { promise: next, resolve: open } = Promise.withResolvers<void>();
    harness.dispatch.streams.set('f', async (give) => {
      await give(text('one '));
      await next;
      await give(text('two'));
    });
    const got: unknown[] = [];
    for await (const event of stream({ case: 'text', value: 'in' })) {
      got.push(chunkOf(event));
      if (got.length === 1) open();
      if (event.event.case === 'end') expect(event.event.value.invocationId).toMatch(/^\w{32}$/);
    }
    expect(got).toEqual(['one ', 'two', 'end']);
  });

  test('is never silent for long, before the first chunk and after it', async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    harness.dispatch.streams.set('f', async (give) => {
      for (const { promise } of gates) {
        await promise;
        await give(text('part'));
      }
    });
    const got: unknown[] = [];
    let [opened, silences] = [0, 0];
    for await (const { event } of stream({ case: 'text', value: 'in' })) {
      silences = event.case === undefined ? silences + 1 : 0;
      if (silences === 3) gates[opened++]?.resolve();
      if (event.case !== undefined) got.push(event.case === 'chunk' ? event.value.output.value : event.case);
    }
    expect(got).toEqual(['part', 'part', 'end']);
  });

  test('a failure after chunks is an error with its detail, not an end', async () => {
    harness.dispatch.streams.set('f', async (give) => {
      await give(text('so far'));
      throw new RelaisError('aborted', 'It broke.', { reason: 'function_failed' });
    });
    const got: unknown[] = [];
    const failure = await (async () => {
      for await (const event of stream({ case: 'text', value: 'in' })) got.push(chunkOf(event));
    })().catch((error: unknown) => ConnectError.from(error));
    expect(got).toEqual(['so far']);
    expect(failure?.code).toBe(Code.Aborted);
    expect(failure?.findDetails(edgeError.ErrorDetailSchema)[0]).toMatchObject({ reason: 'function_failed' });
  });

  test('a function that does not stream answers with one chunk in the form of the payload', async () => {
    const got: unknown[] = [];
    for await (const { event } of stream({
      case: 'json',
      value: { kind: { case: 'numberValue', value: 7 } } as never,
    })) {
      got.push(event.case === 'chunk' ? event.value.output.case : event.case);
    }
    expect(got).toEqual(['json', 'end']);
  });

  test('a caller that gives up stops the function', async () => {
    let stopped = false;
    harness.dispatch.streams.set('f', async (give, context) => {
      await give(text('one'));
      await new Promise<void>((resolve) => context.signal?.addEventListener('abort', () => resolve()));
      stopped = true;
      throw new RelaisError('cancelled', 'gone');
    });
    const gone = new AbortController();
    const leaving = (async () => {
      for await (const _ of stream({ case: 'text', value: 'in' }, gone.signal)) gone.abort();
    })();
    await expect(leaving).rejects.toThrow();
    await until(() => stopped);
  });
});

test('text never ends inside a character, and from the first byte that is none on it is data', async () => {
  const whole = Buffer.from('aé世🎉');
  harness.dispatch.streams.set('f', async (give) => {
    for (const byte of whole) await give({ data: Buffer.from([byte]) });
    await give({ data: Buffer.from([0x62, 0xff]) });
    await give(text('c'));
  });
  const client = createClient(invocation.InvocationService, createGrpcTransport({ baseUrl: harness.url }));
  const got: unknown[] = [];
  for await (const { event } of client.invokeStream({ function: 'f', payload: { case: 'text', value: '' } })) {
    if (event.case === 'chunk')
      got.push([event.value.output.case, Buffer.from(event.value.output.value as string).toString('latin1')]);
  }
  const latin1 = (character: string) => ['text', Buffer.from(character).toString('latin1')];
  expect(got).toEqual([latin1('a'), latin1('é'), latin1('世'), latin1('🎉'), ['data', 'b\xff'], ['data', 'c']]);
});

test.each([
  ['the platform', 'unavailable', 1],
  ['its caller', 'invalid_argument', 0],
] as const)('the span of a stream that fails by the fault of %s', async (_whose, code, kept) => {
  let keeps = 0;
  const keep = () => {
    keeps++;
    return '';
  };
  const tracer = {
    start: (name: string, start: SpanStart) => Object.assign(passThroughTracer.start(name, start), { keep }),
  };
  await harness.gateway.stop(0);
  harness = await startGateway({ tracer, storage: harness.storage });
  harness.storage.broken = new RelaisError(code, 'No.');
  const client = createClient(invocation.InvocationService, createGrpcTransport({ baseUrl: harness.url }));
  const read = async () => {
    for await (const _ of client.invokeStream({ function: 'f' }));
  };
  await expect(read()).rejects.toThrow('No.');
  expect(keeps).toBe(kept);
});
