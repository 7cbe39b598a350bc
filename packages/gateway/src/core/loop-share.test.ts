import { ManualClock } from '@relais/kit';
import { loopBusyShare } from './loop-share.js';

/** Each call is a window later. */
function windows(): () => number {
  const clock = new ManualClock();
  const share = loopBusyShare(clock);
  return () => {
    clock.advance(250);
    return share();
  };
}

test('a loop that computes is busy all the time, and one that waits is not', async () => {
  const next = windows();
  for (const endMs = performance.now() + 20; performance.now() < endMs; );
  expect(next()).toBeGreaterThan(0.9);
  const patienceEndMs = performance.now() + 10_000;
  let share = 1;
  while (share > 0.5 && performance.now() < patienceEndMs) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    share = next();
  }
  expect(share).toBeLessThanOrEqual(0.5);
});

test('it is looked at anew once in a quarter of a second', () => {
  const clock = new ManualClock();
  const share = loopBusyShare(clock);
  for (const endMs = performance.now() + 5; performance.now() < endMs; );
  clock.advance(249);
  expect(share()).toBe(0);
  clock.advance(1);
  expect(share()).toBeGreaterThan(0);
});
