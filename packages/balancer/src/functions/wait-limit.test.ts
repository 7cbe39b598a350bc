import { WaitLimit } from './wait-limit.js';

const bounds = { queueLengthMax: 1000, queueWaitTargetMs: 500 };

/** What is allowed after so many intervals in which every job waited that long. */
function after(limit: WaitLimit, intervals: number, waitedMs: number, fromMs: number): number {
  for (let step = 1; step <= intervals * 10; step++) limit.observe(waitedMs, 400, fromMs + step * 50);
  return limit.allowed(4);
}

test('a burst is taken in whole, and short waits change nothing', () => {
  const limit = new WaitLimit(bounds, 0);
  expect(limit.allowed(4)).toBe(Number.POSITIVE_INFINITY);
  expect(after(limit, 20, 499, 0)).toBe(Number.POSITIVE_INFINITY);
  expect(limit.standingMs).toBe(0);
});

test('a queue that stands is cut back multiplicatively, to what keeps the workers busy', () => {
  const limit = new WaitLimit(bounds, 0);
  expect(after(limit, 2, 600, 0)).toBe(Number.POSITIVE_INFINITY);
  expect(after(limit, 1, 600, 1000)).toBe(280);
  expect(limit.standingMs).toBe(600);
  expect(after(limit, 2, 600, 1500)).toBe(137);
  expect(after(limit, 100, 600, 2500)).toBe(8);
  expect(limit.allowed(40)).toBe(80);
});

test('one quick job shows that the queue does not stand', () => {
  const limit = new WaitLimit(bounds, 0);
  limit.observe(2000, 400, 100);
  limit.observe(10, 400, 200);
  limit.observe(2000, 400, 600);
  expect(limit.allowed(4)).toBe(Number.POSITIVE_INFINITY);
});

test('when waiting is short again a burst is taken in within five seconds', () => {
  const limit = new WaitLimit(bounds, 0);
  after(limit, 100, 600, 0);
  expect(after(limit, 2, 5, 50_000)).toBe(401);
  expect(after(limit, 3, 5, 51_000)).toBe(1001);
  expect(after(limit, 80, 5, 52_500)).toBe(Number.POSITIVE_INFINITY);
});

test('time without jobs counts as time without waiting', () => {
  const limit = new WaitLimit(bounds, 0);
  after(limit, 100, 600, 0);
  limit.observe(0, 0, 100_000);
  expect(limit.allowed(0)).toBe(Number.POSITIVE_INFINITY);
});
