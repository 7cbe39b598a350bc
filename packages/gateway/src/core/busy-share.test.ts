import { ManualClock } from '@relais/kit';
import { busyShare, loopUse, processorUse, type Use } from './busy-share.js';

const patienceMs = 10_000;

function compute(forMs: number): void {
  for (const endMs = performance.now() + forMs; performance.now() < endMs; );
}

/** Computes until the condition holds. */
function computeUntil(holds: () => boolean): boolean {
  const endMs = performance.now() + patienceMs;
  while (!holds() && performance.now() < endMs) compute(5);
  return holds();
}

test('a loop that computes is busy all the time, and one that waits is not', async () => {
  const clock = new ManualClock();
  const share = busyShare(clock, [loopUse]);
  const next = () => {
    clock.advance(250);
    return share();
  };
  compute(20);
  expect(next()).toBeGreaterThan(0.9);
  const patienceEndMs = performance.now() + patienceMs;
  let waited = 1;
  while (waited > 0.5 && performance.now() < patienceEndMs) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    waited = next();
  }
  expect(waited).toBeLessThanOrEqual(0.5);
});

test('what computes here uses the processors of the machine', () => {
  const before = processorUse();
  expect(computeUntil(() => processorUse().usedMs - before.usedMs >= 50)).toBe(true);
  const after = processorUse();
  expect(after.allMs - before.allMs).toBeGreaterThanOrEqual(after.usedMs - before.usedMs);
});

test('it is looked at anew once in a quarter of a second', () => {
  const clock = new ManualClock();
  let use: Use = { usedMs: 100, allMs: 1000 };
  const share = busyShare(clock, [() => use]);
  use = { usedMs: 100 + 400, allMs: 1000 + 500 };
  clock.advance(249);
  expect(share()).toBe(0);
  clock.advance(1);
  expect(share()).toBe(0.8);
  // Where the time that was told of has not moved on, nothing new is known.
  clock.advance(250);
  expect(share()).toBe(0.8);
});

test('what has least to spare is what counts', () => {
  const clock = new ManualClock();
  let usedMs = 0;
  const share = busyShare(clock, [() => ({ usedMs: 0, allMs: usedMs * 2 }), () => ({ usedMs, allMs: usedMs })]);
  usedMs = 100;
  clock.advance(250);
  expect(share()).toBe(1);
});

test('a loop of its own that is busy is enough, however little all processors have to do', () => {
  const clock = new ManualClock();
  const share = busyShare(clock);
  compute(20);
  clock.advance(250);
  expect(share()).toBeGreaterThan(0.9);
});
