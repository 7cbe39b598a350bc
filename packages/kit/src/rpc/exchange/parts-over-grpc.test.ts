import { BalancerServiceService, type Job, type JobResult, OutputPart } from '@relais/contracts';
import { RelaisError } from '../../errors/relais-error.js';
import { silentLogger } from '../../logging/logger.js';
import { systemClock } from '../../time/clock.js';
import type { CallContext } from '../context.js';
import type { Exchange } from '../exchange.js';
import {
  answeringCodec,
  askingCodec,
  Bench,
  failureOf,
  payloadOf,
  resultOf,
  streamingJobOf,
  until,
} from '../fixtures.js';
import { Flow, partCost } from '../flow.js';
import { registration } from '../grpc/registration.js';
import { LinkExchange } from './link-exchange.js';
import { serveExchange } from './serve-exchange.js';

const windowBytes = 64 * 1024;
const partBytes = 8 * 1024;

/** Delivers parts for ever, as fast as it gets credit, until its caller goes; "fail" fails after ten parts, "end" ends. */
class Source implements Exchange<Job, JobResult, OutputPart> {
  readonly delivered = new Map<string, number>();
  stopped = 0;

  exchange(question: Job, context: CallContext, flow?: Flow<OutputPart>): Promise<JobResult> {
    const name = payloadOf(question).toString();
    if (!flow) return Promise.resolve(resultOf(Buffer.from('whole')));
    return new Promise((resolve, reject) => {
      let credit = flow.windowBytes;
      let ended = false;
      const end = () => {
        ended = true;
        if (name === 'fail') reject(new RelaisError('aborted', 'broke', { reason: 'function_failed' }));
        else resolve(resultOf(Buffer.alloc(0)));
      };
      const produce = () => {
        for (; !ended && credit >= partCost(partBytes); credit -= partCost(partBytes)) {
          if (this.#deliver(name, flow) === 10 && ['end', 'fail'].includes(name)) end();
        }
      };
      context.signal?.addEventListener('abort', () => {
        this.stopped++;
        reject(new RelaisError('cancelled', 'gone'));
      });
      flow.listen((bytes) => {
        credit += bytes;
        produce();
      });
      produce();
    });
  }

  /** How many there have been. */
  #deliver(name: string, flow: Flow<OutputPart>): number {
    const count = (this.delivered.get(name) ?? 0) + 1;
    this.delivered.set(name, count);
    flow.deliver(OutputPart.create({ data: Buffer.alloc(partBytes, count) }), partCost(partBytes));
    return count;
  }
}

/** One caller: takes parts, and gives credit back for those it reads. */
class Reader {
  readonly parts: Buffer[] = [];
  readonly flow = new Flow<OutputPart>(windowBytes, ({ data }) => this.parts.push(data));
  readonly gone = new AbortController();
  readonly answer: Promise<JobResult>;
  #read = 0;

  constructor(exchange: Exchange<Job, JobResult, OutputPart>, name: string) {
    const context = { budgetMs: 60_000, signal: this.gone.signal };
    this.answer = exchange.exchange(streamingJobOf(Buffer.from(name), windowBytes), context, this.flow);
    this.answer.catch(() => {});
  }

  read(): void {
    for (; this.#read < this.parts.length; this.#read++) this.flow.grant(partCost(partBytes));
  }
}

let bench: Bench;
let source: Source;
let exchange: Exchange<Job, JobResult, OutputPart>;

beforeEach(async () => {
  bench = new Bench();
  source = new Source();
  const unused = (link: { close(): void }) => link.close();
  await bench.server({
    registrations: [
      registration(
        BalancerServiceService,
        {
          attach: unused,
          supervise: unused,
          dispatch: (link) => serveExchange(link, source, answeringCodec, { logger: silentLogger }),
        },
        'balancer',
      ),
    ],
  });
  const channel = await bench.channel({ name: 'balancer' });
  exchange = await bench.up(
    new LinkExchange({
      name: 'balancer',
      dial: channel.dial(BalancerServiceService, 'dispatch'),
      codec: askingCodec,
      clock: systemClock,
      logger: silentLogger,
    }),
  );
});
afterEach(() => bench.down());

test('parts come in order and all before the answer', async () => {
  const reader = new Reader(exchange, 'end');
  await until(() => {
    reader.read();
    return reader.parts.length === 10;
  }, 'all parts');
  await reader.answer;
  expect(reader.parts.map((part) => part[0])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('a failure after parts comes after them, as a failure', async () => {
  const reader = new Reader(exchange, 'fail');
  await until(() => {
    reader.read();
    return reader.parts.length === 10;
  }, 'all parts');
  const result = await reader.answer;
  expect(result.outcome?.$case === 'failure' && result.outcome.value.reason).toBe('function_failed');
});

test('one that does not read stops its own source at the window and nobody else', async () => {
  const lazy = new Reader(exchange, 'lazy');
  const eager = new Reader(exchange, 'eager');
  await until(() => {
    eager.read();
    return eager.parts.length > 500;
  }, 'the eager one to get far');
  expect(lazy.parts.length).toBe(source.delivered.get('lazy'));
  expect(lazy.parts.length * partCost(partBytes)).toBeLessThanOrEqual(windowBytes);
  const before = lazy.parts.length;
  lazy.read();
  await until(() => lazy.parts.length > before, 'more after it has read');
});

test('a caller that goes stops its source, and late parts harm nobody', async () => {
  const going = new Reader(exchange, 'going');
  const staying = new Reader(exchange, 'staying');
  await until(() => going.parts.length > 0, 'a part');
  going.gone.abort();
  expect((await failureOf(going.answer)).code).toBe('cancelled');
  await until(() => source.stopped === 1, 'the source to stop');
  const before = staying.parts.length;
  await until(() => {
    staying.read();
    return staying.parts.length > before + 50;
  }, 'the other to go on');
});

test('a lost link ends a begun answer as unavailable and stops its source', async () => {
  const reader = new Reader(exchange, 'lost');
  await until(() => reader.parts.length > 0, 'a part');
  await bench.down();
  const error = await failureOf(reader.answer);
  expect(error.code).toBe('unavailable');
  await until(() => source.stopped === 1, 'the source to stop');
});
