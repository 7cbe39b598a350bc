import { RunTimes } from './run-times.js';

test('what is not known may be slow; what ran quickly last time is quick', () => {
  const times = new RunTimes(10);
  expect(times.isQuick('a')).toBe(false);
  times.observe('a', 1);
  expect(times.isQuick('a')).toBe(true);
  times.observe('a', 500);
  expect(times.isQuick('a')).toBe(false);
});

test('what failed is not known any more', () => {
  const times = new RunTimes(10);
  times.observe('a', 1);
  times.forget('a');
  expect(times.isQuick('a')).toBe(false);
});

test('at its bound it forgets the one not heard of for longest', () => {
  const times = new RunTimes(2);
  for (const id of ['a', 'b', 'a', 'c']) times.observe(id, 1);
  expect(['a', 'b', 'c'].map((id) => times.isQuick(id))).toEqual([true, false, true]);
});
