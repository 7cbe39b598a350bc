import { BalancerServiceService, type Job, type JobResult } from '@relais/contracts';
import { silentLogger } from '../../logging/logger.js';
import { systemClock } from '../../time/clock.js';
import type { CallContext } from '../context.js';
import type { Exchange } from '../exchange.js';
import {
  answeringCodec,
  askingCodec,
  Bench,
  failureOf,
  jobOf,
  outputOf,
  payloadOf,
  resultOf,
  until,
} from '../fixtures.js';
import type { GrpcServer } from '../grpc/grpc-server.js';
import { registration } from '../grpc/registration.js';
import { LinkExchange } from './link-exchange.js';
import { serveExchange } from './serve-exchange.js';

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.down());

/** Answers at once, but keeps what is called "stay". */
class Echo implements Exchange<Job, JobResult> {
  readonly contexts: CallContext[] = [];
  readonly staying: (() => void)[] = [];

  async exchange(question: Job, context: CallContext): Promise<JobResult> {
    const payload = payloadOf(question);
    if (payload.toString('latin1', 0, 4) !== 'stay') return resultOf(payload);
    this.contexts.push({ ...context });
    await new Promise<void>((resolve) => this.staying.push(resolve));
    return resultOf(payload);
  }
}

function serve(echo: Echo, address = bench.address): Promise<GrpcServer> {
  const unused = (link: { close(): void }) => link.close();
  return bench.server({
    address,
    registrations: [
      registration(
        BalancerServiceService,
        {
          attach: unused,
          supervise: unused,
          dispatch: (link, { draining }) =>
            serveExchange(link, echo, answeringCodec, { logger: silentLogger, draining }),
        },
        'balancer',
      ),
    ],
  });
}

async function client(address = bench.address) {
  const channel = await bench.channel({ address, name: 'balancer' });
  return bench.up(
    new LinkExchange({
      name: 'balancer',
      dial: channel.dial(BalancerServiceService, 'dispatch'),
      codec: askingCodec,
      clock: systemClock,
      logger: silentLogger,
    }),
  );
}

const ask = (exchange: Exchange<Job, JobResult>, text: string, context: CallContext = { budgetMs: 10_000 }) =>
  exchange.exchange(jobOf(Buffer.from(text)), context).then((result) => outputOf(result).toString());

test.each(['unix', '127.0.0.1:0'])('thousands of questions are answered, each its own, over %s', async (kind) => {
  const server = await serve(new Echo(), kind === 'unix' ? bench.address : kind);
  const exchange = await client(server.boundAddress);
  const texts = Array.from({ length: 5_000 }, (_, n) => `question ${n}`);
  expect(await Promise.all(texts.map((text) => ask(exchange, text)))).toEqual(texts);
});

test('large questions and answers cross among small ones', async () => {
  await serve(new Echo());
  const exchange = await client();
  const texts = [6, 0, 6, 0, 1, 6].map((mib, n) => `${n}`.repeat((mib << 20) + 1));
  expect(await Promise.all(texts.map((text) => ask(exchange, text)))).toEqual(texts);
});

test('when the server is cut what was sent is rejected, and the next server is found', async () => {
  const echo = new Echo();
  const server = await serve(echo);
  const exchange = await client();
  expect(await ask(exchange, 'one')).toBe('one');
  const lost = [failureOf(ask(exchange, 'stay 1')), failureOf(ask(exchange, 'stay 2'))];
  await until(() => echo.contexts.length === 2, 'the questions to arrive');
  const signals = echo.contexts.map((context) => context.signal);
  await server.stop(0);
  const errors = await Promise.all(lost);
  expect(errors.map((error) => [error.code, error.retryable, error.fields.reason])).toEqual([
    ['unavailable', false, 'connection_lost'],
    ['unavailable', false, 'connection_lost'],
  ]);
  await until(() => signals.every((signal) => signal?.aborted), 'the signals');
  await until(() => !exchange.connected, 'the end of the link');
  await serve(new Echo());
  await until(() => exchange.connected, 'a new link');
  expect(await ask(exchange, 'two')).toBe('two');
});

test('a server that restarts in good order fails nothing', async () => {
  const echo = new Echo();
  const first = await serve(echo);
  const exchange = await client();
  const staying = ask(exchange, 'stay');
  await until(() => echo.staying.length === 1, 'the question to arrive');
  const stopped = first.stop(10_000);
  echo.staying[0]?.();
  expect(await staying).toBe('stay');
  await stopped;
  await until(() => !exchange.connected, 'the end of the link');
  const waiting = Array.from({ length: 10 }, (_, n) => ask(exchange, `waits ${n}`));
  await serve(new Echo());
  expect(await Promise.all(waiting)).toEqual(Array.from({ length: 10 }, (_, n) => `waits ${n}`));
});

test('an abort crosses to the signal of the other side', async () => {
  const echo = new Echo();
  await serve(echo);
  const exchange = await client();
  const controller = new AbortController();
  const failure = failureOf(ask(exchange, 'stay', { budgetMs: 10_000, signal: controller.signal, traceparent: 'tp' }));
  await until(() => echo.contexts.length === 1, 'the question to arrive');
  controller.abort();
  expect((await failure).code).toBe('cancelled');
  await until(() => echo.contexts[0]?.signal?.aborted === true, 'the signal');
  expect(echo.contexts[0]?.traceparent).toBe('tp');
});
