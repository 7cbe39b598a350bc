import { TokenBucket } from './token-bucket.js';

/** Offers a request every everyMs for durationMs, and counts those that came through. */
function admitted(bucket: TokenBucket, durationMs: number, everyMs: number): number {
  let count = 0;
  for (let nowMs = 0; nowMs < durationMs; nowMs += everyMs) if (bucket.take(nowMs) === 0) count++;
  return count;
}

test.each([
  [0.5, 60_000, 7],
  [1, 30_000, 10],
  [10, 10_000, 3],
  [100, 1_000, 0.1],
  [333, 1_000, 0.7],
  [5_000, 1_000, 0.05],
])('%d a second over %d ms is kept within 5 %% when asked every %d ms', (ratePerS, durationMs, everyMs) => {
  const bucket = new TokenBucket(ratePerS, Math.max(1, ratePerS * 0.05), 0);
  const promised = (ratePerS * durationMs) / 1000;
  const ratio = admitted(bucket, durationMs, everyMs) / promised;
  expect(ratio).toBeGreaterThanOrEqual(0.95);
  expect(ratio).toBeLessThanOrEqual(1.05);
});

test('after a pause a burst comes through at once, and no more', () => {
  const bucket = new TokenBucket(10, 5, 0);
  const burst = (nowMs: number) => Array.from({ length: 8 }, () => bucket.take(nowMs)).filter((waitMs) => waitMs === 0);
  expect([burst(0).length, burst(0).length, burst(3_600_000).length]).toEqual([5, 0, 5]);
});

test('says when to come again: exactly then, and not a moment earlier, one comes through', () => {
  const bucket = new TokenBucket(4, 1, 1_000);
  expect(bucket.take(1_000)).toBe(0);
  const waitMs = bucket.take(1_100);
  expect(waitMs).toBeCloseTo(150);
  expect(bucket.take(1_100 + waitMs - 1)).toBeCloseTo(1);
  expect(bucket.take(1_100 + waitMs)).toBe(0);
});
