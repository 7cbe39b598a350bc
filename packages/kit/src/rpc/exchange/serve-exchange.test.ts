import type { DispatchRequest, DispatchResponse, Job, JobResult } from '@relais/contracts';
import { fromDetail, RelaisError } from '../../errors/relais-error.js';
import { silentLogger } from '../../logging/logger.js';
import type { CallContext } from '../context.js';
import type { Exchange } from '../exchange.js';
import { answeringCodec, jobOf, outputOf, payloadOf, resultOf, until } from '../fixtures.js';
import type { Link } from '../link.js';
import { memoryLinkPair } from '../memory-link.js';
import { serveExchange } from './serve-exchange.js';

interface Asked {
  readonly text: string;
  readonly context: CallContext;
  readonly answer: (result: JobResult) => void;
  readonly fail: (thrown: unknown) => void;
}

/** Serves an exchange answered by hand over a link whose other end is in the test's hands. */
class Counter implements Exchange<Job, JobResult> {
  readonly asked: Asked[] = [];
  readonly frames: DispatchResponse[] = [];
  readonly draining = new AbortController();
  readonly link: Link<DispatchRequest, DispatchResponse>;
  closed = 0;

  constructor() {
    const [asking, answering] = memoryLinkPair<DispatchRequest, DispatchResponse>('balancer', 'gateway');
    this.link = asking;
    asking.receive({
      message: (frame) => this.frames.push(frame),
      closed: () => {
        this.closed += 1;
      },
    });
    serveExchange(answering, this, answeringCodec, { logger: silentLogger, draining: this.draining.signal });
  }

  exchange(question: Job, context: CallContext): Promise<JobResult> {
    return new Promise((answer, fail) => {
      this.asked.push({ text: payloadOf(question).toString(), context, answer, fail });
    });
  }

  async ask(...ids: number[]): Promise<Asked[]> {
    const before = this.asked.length;
    const jobs = ids.map((id) => ({ ...jobOf(Buffer.from(`q${id}`)), id, budgetMs: 700, traceparent: 'tp' }));
    this.link.send({ jobs, cancelIds: [], credits: [] });
    await until(() => this.asked.length === before + ids.length, 'the questions');
    return this.asked.slice(before);
  }

  get results(): JobResult[] {
    return this.frames.flatMap((frame) => frame.results);
  }
}

test('questions reach the exchange with their context, answers of one turn travel as one frame', async () => {
  const counter = new Counter();
  const [first, second] = await counter.ask(7, 9);
  expect([first?.text, first?.context.budgetMs, first?.context.traceparent]).toEqual(['q7', 700, 'tp']);
  second?.answer(resultOf(Buffer.from('b')));
  first?.answer(resultOf(Buffer.from('a')));
  await until(() => counter.frames.length > 0, 'a frame');
  expect(counter.frames.map((frame) => frame.results.map((one) => [one.id, outputOf(one).toString()]))).toEqual([
    [
      [9, 'b'],
      [7, 'a'],
    ],
  ]);
});

test('answers are cut into frames at 1 MiB', async () => {
  const counter = new Counter();
  for (const asked of await counter.ask(1, 2, 3)) asked.answer(resultOf(Buffer.alloc(500 * 1_024)));
  await until(() => counter.results.length === 3, 'the answers');
  expect(counter.frames.map((frame) => frame.results.length)).toEqual([2, 1]);
});

test('a failure travels in an answer, an unknown one as internal', async () => {
  const counter = new Counter();
  const [first, second] = await counter.ask(1, 2);
  first?.fail(new RelaisError('unavailable', 'no worker', { reason: 'no_worker' }));
  second?.fail(new TypeError('oops'));
  await until(() => counter.results.length === 2, 'the answers');
  const failures = counter.results.map((one) => (one.outcome?.$case === 'failure' ? one.outcome.value : undefined));
  const errors = failures.map((detail) => detail && fromDetail(detail));
  expect(errors.map((error) => [error?.code, error?.fields.reason])).toEqual([
    ['unavailable', 'no_worker'],
    ['internal', undefined],
  ]);
});

test('a cancel fires the signal of its question and nothing is answered', async () => {
  const counter = new Counter();
  const [first, second] = await counter.ask(1, 2);
  const signals = [first?.context.signal, second?.context.signal];
  counter.link.send({ jobs: [], cancelIds: [1, 99], credits: [] });
  await until(() => signals[0]?.aborted === true, 'the signal');
  expect(signals[1]?.aborted).toBe(false);
  first?.fail(new RelaisError('cancelled', 'gone'));
  second?.answer(resultOf(Buffer.from('b')));
  await until(() => counter.results.length > 0, 'the answer');
  expect(counter.results.map((one) => one.id)).toEqual([2]);
});

test('a signal asked for after the cancel has already fired', async () => {
  const counter = new Counter();
  const [first] = await counter.ask(1);
  counter.link.send({ jobs: [], cancelIds: [1], credits: [] });
  await counter.ask(2);
  expect(first?.context.signal?.aborted).toBe(true);
});

test('the end of the link cancels everything under way', async () => {
  const counter = new Counter();
  const asked = await counter.ask(1, 2);
  const signals = asked.map((one) => one.context.signal);
  counter.link.close();
  await until(() => signals.every((signal) => signal?.aborted), 'the signals');
  expect(signals.map((signal) => signal?.aborted)).toEqual([true, true]);
});

test('draining answers what is under way, refuses what is new, then closes', async () => {
  const counter = new Counter();
  const [first] = await counter.ask(1);
  counter.draining.abort();
  counter.link.send({ jobs: [{ ...jobOf(Buffer.from('late')), id: 2 }], cancelIds: [], credits: [] });
  await until(() => counter.results.length === 1, 'the refusal');
  const refusal = counter.results[0]?.outcome;
  expect(refusal?.$case === 'failure' ? [refusal.value.code, refusal.value.reason] : undefined).toEqual([
    'unavailable',
    'stopping',
  ]);
  expect([counter.asked.length, counter.closed]).toEqual([1, 0]);
  first?.answer(resultOf(Buffer.from('a')));
  await until(() => counter.closed === 1, 'the close');
  expect(counter.results.map((one) => one.id)).toEqual([2, 1]);
});

test('draining with nothing under way closes at once', async () => {
  const counter = new Counter();
  counter.draining.abort();
  await until(() => counter.closed === 1, 'the close');
  expect(counter.frames).toEqual([]);
});
