import { RunTimes } from './run-times.js';

const longAfterMs = 10_000;

test('what is not known may be slow; what ran quickly last time is quick', () => {
  const times = new RunTimes(10);
  expect(times.letsStream('a', 0)).toBe(true);
  times.observe('a', 1);
  expect(times.letsStream('a', longAfterMs)).toBe(false);
  times.observe('a', 500);
  expect(times.letsStream('a', longAfterMs)).toBe(true);
});

test('what failed is not known any more', () => {
  const times = new RunTimes(10);
  times.observe('a', 1);
  times.forget('a');
  expect(times.letsStream('a', 0)).toBe(true);
});

test('of a burst on a function that is not known one streams, and all do when that one takes its time', () => {
  const times = new RunTimes(10);
  const burst = (nowMs: number) => Array.from({ length: 4 }, () => times.letsStream('a', nowMs));
  expect(burst(0)).toEqual([true, false, false, false]);
  expect(burst(249)).toEqual([false, false, false, false]);
  expect(burst(250)).toEqual([true, true, true, true]);
  // Another function is tried for itself.
  expect(times.letsStream('b', 250)).toBe(true);
});

test('at its bound it forgets the one not heard of for longest', () => {
  const times = new RunTimes(2);
  for (const id of ['a', 'b', 'a', 'c']) times.observe(id, 1);
  expect(['a', 'b', 'c'].map((id) => times.letsStream(id, 0))).toEqual([false, true, false]);
  for (const id of ['d', 'e']) times.letsStream(id, 0);
  expect(times.letsStream('b', 1)).toBe(true);
});
