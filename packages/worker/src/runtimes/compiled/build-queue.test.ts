import { ManualClock } from '@relais/kit';
import { rejectionOf } from '../conformance/support.js';
import { BuildQueue } from './build-queue.js';

/** Builds that end when told, and what the queue let happen at once. */
function gate() {
  const enders: (() => void)[] = [];
  const counts = { running: 0, most: 0 };
  const build = async (leftMs: number) => {
    counts.running += 1;
    counts.most = Math.max(counts.most, counts.running);
    await new Promise<void>((resolve) => enders.push(resolve));
    counts.running -= 1;
    return leftMs;
  };
  return { enders, counts, build };
}

test('one build runs at a time, in order, with what is left of its budget', async () => {
  const clock = new ManualClock();
  const queue = new BuildQueue(clock);
  const { enders, counts, build } = gate();
  const builds = [queue.run(1000, build), queue.run(1000, build), queue.run(1000, build)];
  clock.advance(100);
  enders[0]?.();
  expect(await builds[0]).toBe(1000);
  const late = queue.run(1000, build);
  clock.advance(50);
  enders[1]?.();
  expect(await builds[1]).toBe(900);
  enders[2]?.();
  expect(await builds[2]).toBe(850);
  enders[3]?.();
  expect(await late).toBe(950);
  expect(counts.most).toBe(1);
});

test('a turn that does not come in time is deadline_exceeded, and its place is free', async () => {
  const clock = new ManualClock();
  const queue = new BuildQueue(clock);
  const { enders, build } = gate();
  const running = queue.run(10_000, build);
  const late = rejectionOf(queue.run(100, build));
  const patient = queue.run(10_000, build);
  clock.advance(100);
  expect((await late).code).toBe('deadline_exceeded');
  enders[0]?.();
  await running;
  enders[1]?.();
  expect(await patient).toBe(9900);
});

test('a build that fails passes the turn on', async () => {
  const queue = new BuildQueue(new ManualClock());
  const failing = queue.run(1000, () => Promise.reject(new Error('no')));
  const next = queue.run(1000, async () => 'done');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('done');
});

test('more than sixteen waiting are refused, and closing refuses those', async () => {
  const queue = new BuildQueue(new ManualClock());
  const { enders, build } = gate();
  const running = queue.run(1000, build);
  const waiting = Array.from({ length: 16 }, () => rejectionOf(queue.run(1000, build)));
  expect((await rejectionOf(queue.run(1000, build))).fields.reason).toBe('queue_full');
  const closed = queue.close();
  expect(new Set((await Promise.all(waiting)).map(({ code }) => code))).toEqual(new Set(['unavailable']));
  expect((await rejectionOf(queue.run(1000, build))).code).toBe('unavailable');
  enders[0]?.();
  await Promise.all([running, closed, queue.close()]);
});
