import { type ForOthers, forOthersAfter, nothingForOthers } from './for-others.js';

/** After so many looks of 50 ms in which others used that many processors. */
function after(before: ForOthers, looks: number, share: number, processors: number, anyLight = false): ForOthers {
  let left = before;
  for (let look = 0; look < looks; look++) left = forOthersAfter(left, share * 50, 50, { anyLight, processors });
  return left;
}

test.each([
  [0, 0],
  [0.5, 0],
  [0.8, 1],
  [1.5, 1],
  [1.8, 2],
  [2.9, 3],
  [7.5, 3],
])('others that use %d of four processors for long are left %d', (share, left) => {
  expect(after(nothingForOthers, 100, share, 4).processors).toBe(left);
});

test('a moment is not enough, and what is left stays left until they use much less', () => {
  expect(after(nothingForOthers, 2, 1, 2).processors).toBe(0);
  const left = after(nothingForOthers, 30, 1, 2);
  expect(left.processors).toBe(1);
  expect(after(left, 100, 0.5, 2).processors).toBe(1);
  expect(after(left, 100, 0.2, 2).processors).toBe(0);
});

test.each([
  [0.1, 0],
  [0.3, 1],
  [1.1, 1],
  [1.3, 2],
])('beside a function that takes little, others that use %d of four processors are left %d', (share, left) => {
  expect(after(nothingForOthers, 100, share, 4, true).processors).toBe(left);
});

test('beside one that takes little it stays left while it is used at all, and without it no longer', () => {
  const left = after(nothingForOthers, 30, 0.5, 2, true);
  expect(after(left, 100, 0.2, 2, true).processors).toBe(1);
  expect(after(left, 100, 0.05, 2, true).processors).toBe(0);
  expect(after(left, 100, 0.2, 2, false).processors).toBe(0);
});

test('one processor alone is left to nobody', () => {
  expect(after(nothingForOthers, 100, 1, 1).processors).toBe(0);
});

test('what was not looked at for long counts as long as it took', () => {
  expect(forOthersAfter(nothingForOthers, 2000, 2000, { anyLight: false, processors: 2 }).processors).toBe(1);
});
