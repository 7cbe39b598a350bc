import { type ForOthers, forOthersAfter, nothingForOthers } from './for-others.js';

/** After so many looks of 50 ms in which others used that many processors. */
function after(before: ForOthers, looks: number, share: number, processors: number): ForOthers {
  let left = before;
  for (let look = 0; look < looks; look++) left = forOthersAfter(left, share * 50, 50, processors);
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

test('one processor alone is left to nobody', () => {
  expect(after(nothingForOthers, 100, 1, 1).processors).toBe(0);
});

test('what was not looked at for long counts as long as it took', () => {
  expect(forOthersAfter(nothingForOthers, 2000, 2000, 2).processors).toBe(1);
});
