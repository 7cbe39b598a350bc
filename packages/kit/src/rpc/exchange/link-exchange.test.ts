import { type DispatchRequest, DispatchResponse, type Job, type JobResult, type OutputPart } from '@relais/contracts';
import { RelaisError } from '../../errors/relais-error.js';
import { silentLogger } from '../../logging/logger.js';
import { ManualClock } from '../../time/manual-clock.js';
import { answeringCodec, askingCodec, failureOf, jobOf, outputOf, payloadOf, resultOf, until } from '../fixtures.js';
import type { Link } from '../link.js';
import { memoryLinkPair } from '../memory-link.js';
import { LinkExchange } from './link-exchange.js';

/** The other side of an exchange, worked by hand. */
class Desk {
  readonly clock = new ManualClock();
  readonly links: Link<DispatchResponse, DispatchRequest>[] = [];
  readonly frames: DispatchRequest[] = [];
  readonly exchange: LinkExchange<Job, JobResult, DispatchRequest, DispatchResponse, OutputPart>;
  reachable = true;
  dialled = 0;

  constructor(outstandingMax?: number) {
    this.exchange = new LinkExchange({
      name: 'balancer',
      dial: () => this.#dial(),
      codec: askingCodec,
      clock: this.clock,
      logger: silentLogger,
      random: () => 1,
      ...(outstandingMax === undefined ? {} : { outstandingMax }),
    });
  }

  async #dial(): Promise<Link<DispatchRequest, DispatchResponse>> {
    this.dialled += 1;
    if (!this.reachable) throw new RelaisError('unavailable', 'nobody there');
    const [asking, answering] = memoryLinkPair<DispatchRequest, DispatchResponse>('balancer', 'gateway');
    answering.receive({ message: (frame) => this.frames.push(frame), closed: () => {} });
    this.links.push(answering);
    return asking;
  }

  async open(): Promise<this> {
    await this.exchange.start();
    await until(() => this.exchange.connected, 'the link');
    return this;
  }

  async framesReach(count: number): Promise<void> {
    await until(() => this.frames.length >= count, `${count} frames`);
  }

  ask(text: string, budgetMs = 1_000, signal?: AbortSignal): Promise<JobResult> {
    return this.exchange.exchange(jobOf(Buffer.from(text)), { budgetMs, ...(signal ? { signal } : {}) });
  }

  get ids(): number[] {
    return this.frames.flatMap((frame) => frame.jobs.map((job) => job.id));
  }

  get cancelIds(): number[] {
    return this.frames.flatMap((frame) => frame.cancelIds);
  }

  answer(...ids: number[]): void {
    const results = ids.map((id) => ({ ...resultOf(Buffer.from(`to ${id}`)), id }));
    this.links.at(-1)?.send({ results, parts: [] });
  }
}

test('questions of one turn travel as one frame, and answers find theirs in any order', async () => {
  const desk = await new Desk().open();
  const asked = ['a', 'b', 'c'].map((text) => desk.ask(text));
  await desk.framesReach(1);
  expect(desk.frames.map((frame) => frame.jobs.map((job) => payloadOf(job).toString()))).toEqual([['a', 'b', 'c']]);
  expect(desk.ids).toEqual([1, 2, 3]);
  desk.answer(3, 1, 2);
  expect((await Promise.all(asked)).map((one) => outputOf(one).toString())).toEqual(['to 1', 'to 2', 'to 3']);
});

test('a frame is cut at 1 MiB, and one larger question travels alone', async () => {
  const desk = await new Desk().open();
  const sizes = [400, 400, 400, 5_000, 10, 10].map((kib) => kib * 1_024);
  const asked = sizes.map((bytes) => desk.exchange.exchange(jobOf(Buffer.alloc(bytes)), { budgetMs: 1_000 }));
  await desk.framesReach(4);
  expect(desk.frames.map((frame) => frame.jobs.map((job) => job.id))).toEqual([[1, 2], [3], [4], [5, 6]]);
  desk.answer(1, 2, 3, 4, 5, 6);
  await Promise.all(asked);
});

test('a question carries the budget that is left when it leaves', async () => {
  const desk = new Desk();
  desk.reachable = false;
  await desk.exchange.start();
  const asked = desk.ask('a', 1_500);
  await until(() => desk.dialled === 1, 'the first dial');
  desk.reachable = true;
  desk.clock.advance(700);
  await desk.framesReach(1);
  expect(desk.frames[0]?.jobs[0]?.budgetMs).toBe(800);
  desk.answer(1);
  await asked;
});

test('beyond the bound on unanswered questions it refuses, and takes again when one is answered', async () => {
  const desk = await new Desk(2).open();
  const asked = [desk.ask('a'), desk.ask('b')];
  const error = await failureOf(desk.ask('c'));
  expect([error.code, error.retryable, error.fields.limit]).toEqual([
    'resource_exhausted',
    true,
    { name: 'outstandingMax', limit: 2, used: 2 },
  ]);
  await desk.framesReach(1);
  desk.answer(1);
  await asked[0];
  const again = desk.ask('d');
  await desk.framesReach(2);
  desk.answer(2, 3);
  await Promise.all([...asked, again]);
  expect(desk.ids).toEqual([1, 2, 3]);
});

test('what waits for a link is bounded in bytes', async () => {
  const desk = new Desk();
  const payload = jobOf(Buffer.alloc(20 << 20));
  const kept = [1, 2].map(() => failureOf(desk.exchange.exchange(payload, { budgetMs: 1_000 })));
  const error = await failureOf(desk.exchange.exchange(payload, { budgetMs: 1_000 }));
  expect([error.code, error.fields.limit?.name]).toEqual(['resource_exhausted', 'backlogBytesMax']);
  await desk.exchange.stop(0);
  expect((await Promise.all(kept)).map((one) => [one.retryable, one.fields.reason])).toEqual([
    [true, 'stopping'],
    [true, 'stopping'],
  ]);
});

test('an abort rejects at once and tells the other side', async () => {
  const desk = await new Desk().open();
  const controller = new AbortController();
  const asked = failureOf(desk.ask('a', 1_000, controller.signal));
  await desk.framesReach(1);
  controller.abort();
  expect((await asked).code).toBe('cancelled');
  await desk.framesReach(2);
  expect([desk.ids, desk.cancelIds]).toEqual([[1], [1]]);
});

test('a question aborted before it left does not leave', async () => {
  const desk = await new Desk().open();
  const controller = new AbortController();
  const aborted = failureOf(desk.ask('a', 1_000, controller.signal));
  const asked = desk.ask('b');
  controller.abort();
  await desk.framesReach(1);
  expect([desk.ids, desk.cancelIds]).toEqual([[2], []]);
  desk.answer(2);
  await asked;
  expect((await aborted).code).toBe('cancelled');
});

test('without an answer it gives up 500 ms after the budget, tells the other side, and drops a late answer', async () => {
  const desk = await new Desk().open();
  let settled = false;
  const asked = failureOf(desk.ask('a', 1_000)).finally(() => {
    settled = true;
  });
  await desk.framesReach(1);
  desk.clock.advance(1_490);
  await new Promise((resolve) => setImmediate(resolve));
  expect(settled).toBe(false);
  desk.clock.advance(60);
  const error = await asked;
  expect([error.code, error.fault]).toEqual(['deadline_exceeded', 'platform']);
  await until(() => desk.cancelIds.includes(1), 'the cancel');
  desk.answer(1);
  const next = desk.ask('c');
  await until(() => desk.ids.length === 2, 'the next question');
  desk.answer(2);
  expect(outputOf(await next).toString()).toBe('to 2');
});

test.each([
  [60_000, 10_000],
  [300, 300],
])('with a budget of %i ms it waits %i ms for a link', async (budgetMs, waitMs) => {
  const desk = new Desk();
  desk.reachable = false;
  await desk.exchange.start();
  let settled = false;
  const asked = failureOf(desk.ask('a', budgetMs)).finally(() => {
    settled = true;
  });
  desk.clock.advance(waitMs - 60);
  await until(() => desk.dialled > 0, 'a dial');
  expect(settled).toBe(false);
  desk.clock.advance(120);
  const error = await asked;
  expect([error.code, error.retryable, error.fields.reason]).toEqual(['unavailable', true, 'peer_unreachable']);
});

test('dials again with doubling waits up to 1 s, and at 50 ms again after a link', async () => {
  const desk = new Desk();
  desk.reachable = false;
  await desk.exchange.start();
  const waits: number[] = [];
  for (let dials = 1; dials <= 8; dials += 1) {
    await until(() => desk.dialled === dials, `dial ${dials}`);
    await new Promise((resolve) => setImmediate(resolve));
    let waitMs = 0;
    for (; desk.dialled === dials && waitMs < 2_000; waitMs += 10) desk.clock.advance(10);
    waits.push(waitMs);
  }
  expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000]);
  desk.reachable = true;
  await new Promise((resolve) => setImmediate(resolve));
  desk.clock.advance(1_000);
  await until(() => desk.exchange.connected, 'the link');
  const before = desk.dialled;
  desk.links[0]?.close();
  await until(() => !desk.exchange.connected, 'the end of the link');
  desk.clock.advance(49);
  expect(desk.dialled).toBe(before);
  desk.clock.advance(1);
  expect(desk.dialled).toBe(before + 1);
});

test('what a peer left unanswered when it closed in good order is asked again', async () => {
  const desk = await new Desk().open();
  const asked = [desk.ask('a'), desk.ask('b')];
  await desk.framesReach(1);
  desk.answer(1);
  desk.links[0]?.close();
  await until(() => !desk.exchange.connected, 'the end of the link');
  desk.clock.advance(50);
  await desk.framesReach(2);
  expect(desk.ids).toEqual([1, 2, 2]);
  desk.answer(2);
  expect((await Promise.all(asked)).map((one) => outputOf(one).toString())).toEqual(['to 1', 'to 2']);
});

test('what a peer that leaves has not taken is asked again on the next link', async () => {
  const desk = await new Desk().open();
  desk.clock.advance(1_000);
  const asked = desk.ask('a');
  await desk.framesReach(1);
  const leaving = answeringCodec.failure(1, new RelaisError('unavailable', 'Leaving.', { reason: 'stopping' }));
  desk.links[0]?.send(DispatchResponse.create({ results: [leaving] }));
  await new Promise((resolve) => setImmediate(resolve));
  desk.links[0]?.close();
  await until(() => !desk.exchange.connected, 'the end of the link');
  desk.clock.advance(50);
  await desk.framesReach(2);
  desk.answer(1);
  expect(outputOf(await asked).toString()).toBe('to 1');
});

/** Two questions at a peer that refuses the second, since it is going away. */
async function askedOfOneThatLeaves(desk: Desk): Promise<{ begun: Promise<JobResult>; refused: Promise<JobResult> }> {
  desk.clock.advance(1_000);
  const asked = { begun: desk.ask('begun', 60_000), refused: desk.ask('refused', 60_000) };
  await desk.framesReach(1);
  const leaving = answeringCodec.failure(2, new RelaisError('unavailable', 'Leaving.', { reason: 'stopping' }));
  desk.links[0]?.send(DispatchResponse.create({ results: [leaving] }));
  await until(() => !desk.exchange.connected, 'that it leaves');
  return asked;
}

test('while a peer leaves, the next link takes what is asked, and the old one brings what it began', async () => {
  const desk = await new Desk().open();
  const { begun, refused } = await askedOfOneThatLeaves(desk);
  const gone = new AbortController();
  const cancelled = failureOf(desk.ask('later', 60_000, gone.signal));
  desk.clock.advance(50);
  await desk.framesReach(2);
  expect(desk.ids).toEqual([1, 2, 2, 3]);
  desk.answer(2);
  const result = { ...resultOf(Buffer.from('by the old one')), id: 1 };
  desk.links[0]?.send({ results: [result], parts: [] });
  expect(outputOf(await begun).toString()).toBe('by the old one');
  expect(outputOf(await refused).toString()).toBe('to 2');
  desk.links[0]?.close();
  gone.abort();
  expect((await cancelled).code).toBe('cancelled');
  await until(() => desk.cancelIds.length > 0, 'the cancel');
  expect([desk.cancelIds, desk.exchange.connected]).toEqual([[3], true]);
});

test('while a peer leaves and none takes its place, questions wait for as long as they may', async () => {
  const desk = await new Desk().open();
  desk.reachable = false;
  const { begun, refused } = await askedOfOneThatLeaves(desk);
  const late = failureOf(desk.ask('late', 25_000));
  const advance = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 500) {
      desk.clock.advance(500);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await advance(25_500);
  expect((await late).fields.reason).toBe('peer_unreachable');
  desk.answer(1);
  expect(outputOf(await begun).toString()).toBe('to 1');
  desk.links[0]?.close();
  await advance(8_000);
  desk.reachable = true;
  await advance(1_500);
  await desk.framesReach(2);
  desk.answer(2);
  expect(outputOf(await refused).toString()).toBe('to 2');
});

test('a peer that leaves and can still be dialled is asked once a second, and no link to it is kept for nothing', async () => {
  const desk = await new Desk().open();
  const { begun, refused } = await askedOfOneThatLeaves(desk);
  const ended: number[] = [];
  for (let second = 0; second < 5; second++) {
    for (let ms = 0; ms < 1_000; ms += 50) {
      desk.clock.advance(50);
      await new Promise((resolve) => setImmediate(resolve));
      const link = desk.links.at(-1);
      if (desk.links.length === 1 || !link || !desk.exchange.connected) continue;
      const value = answeringCodec.failure(2, new RelaisError('unavailable', 'Leaving.', { reason: 'stopping' }));
      link.receive({ message: () => {}, closed: () => ended.push(desk.links.length) });
      link.send(DispatchResponse.create({ results: [value] }));
      await until(() => !desk.exchange.connected, 'that it leaves');
    }
  }
  expect(desk.links.length).toBeLessThanOrEqual(6);
  await until(() => ended.length === desk.links.length - 1, 'the end of links of no use');
  desk.links[0]?.send({ results: [{ ...resultOf(Buffer.from('x')), id: 1 }], parts: [] });
  expect(outputOf(await begun).toString()).toBe('x');
  desk.clock.advance(1_000);
  await until(() => desk.exchange.connected, 'the next link');
  desk.answer(2);
  expect(outputOf(await refused).toString()).toBe('to 2');
});

test('stop waits for answers, takes nothing new, and after its grace rejects what is left', async () => {
  const desk = await new Desk().open();
  const asked = desk.ask('a', 60_000);
  const left = failureOf(desk.ask('b', 60_000));
  await desk.framesReach(1);
  const stopped = desk.exchange.stop(5_000);
  const refused = await failureOf(desk.ask('c'));
  expect([refused.code, refused.retryable, refused.fields.reason]).toEqual(['unavailable', true, 'stopping']);
  desk.answer(1);
  expect(outputOf(await asked).toString()).toBe('to 1');
  desk.clock.advance(5_000);
  await stopped;
  // It was sent and may have been done.
  expect([(await left).retryable, (await left).fields.reason]).toEqual([false, 'stopping']);
  expect(desk.exchange.connected).toBe(false);
});
