import { RunLimit } from './run-limit.js';

/** Calls of 10 ms of computing on so many processors, as many at once as may: what is allowed after so many of them. */
function computing(limit: RunLimit, calls: number, processors: number, fromMs: number, wanted = 12): number {
  let nowMs = fromMs;
  for (let call = 0; call < calls; call++) {
    const running = Math.min(wanted, limit.allowed(nowMs));
    nowMs += 10 / Math.min(running, processors);
    limit.observe(Math.max(0, 1 - processors / running), running, nowMs);
  }
  return limit.allowed(nowMs);
}

test('calls that compute on one processor are cut to two at once, within a second', () => {
  const limit = new RunLimit();
  expect(limit.allowed(0)).toBe(Number.POSITIVE_INFINITY);
  expect(computing(limit, 60, 1, 0)).toBeLessThanOrEqual(3);
  expect(computing(limit, 500, 1, 600)).toBe(2);
});

test('as many as there are processors for are found again when there are more', () => {
  const limit = new RunLimit();
  computing(limit, 100, 1, 0);
  const found = computing(limit, 500, 8, 1000, 100);
  expect(found).toBeGreaterThanOrEqual(13);
  expect(found).toBeLessThanOrEqual(23);
});

test('calls that wait for something else are never limited, nor those that are too short to tell', () => {
  const limit = new RunLimit();
  for (let call = 0; call < 1000; call++) limit.observe(call % 3 === 0 ? 0.9 : 0.1, 50, call);
  for (let call = 0; call < 1000; call++) limit.observe(undefined, 50, 1000 + call);
  expect(limit.allowed(2000)).toBe(Number.POSITIVE_INFINITY);
});

test('one whose calls have become short is given more again', () => {
  const limit = new RunLimit();
  computing(limit, 100, 1, 0);
  for (let call = 0; call < 100; call++) limit.observe(undefined, limit.allowed(1000), 1000);
  expect(limit.allowed(1000)).toBeGreaterThan(5);
});

test('what few calls need is not taken for what many would', () => {
  const limit = new RunLimit();
  computing(limit, 500, 1, 0);
  for (let call = 0; call < 100; call++) limit.observe(0, 1, 6000 + call);
  expect(limit.allowed(6100)).toBe(2);
});

test('it is forgotten half a minute after calls last waited, and never fewer than two may run', () => {
  const limit = new RunLimit();
  for (let call = 0; call < 500; call++) limit.observe(0.99, 2, 0);
  expect(limit.allowed(30_000)).toBe(2);
  expect(limit.allowed(30_001)).toBe(Number.POSITIVE_INFINITY);
});
