import { pairedRatio } from './paired-ratio.mjs';

/** Ratios 1 to `count`, in an order of their own. */
const ofRounds = (count) => {
  const values = Array.from({ length: count }, (_, round) => ((round * 7) % count) + 1);
  return pairedRatio(
    values.map((value) => value * 10),
    values.map(() => 10),
  );
};

// What tables of the sign test give for 95 %.
test.each([
  [11, 6, 2, 10],
  [15, 8, 4, 12],
  [25, 13, 8, 18],
])('of %d rounds the median is %d and lies from %d to %d', (count, ratio, ratioLow, ratioHigh) => {
  expect(ofRounds(count)).toEqual({ ratio, ratioLow, ratioHigh });
});

test.each([1, 2, 5, 6])('of %d rounds none can be left out', (count) => {
  expect(ofRounds(count)).toMatchObject({ ratioLow: 1, ratioHigh: count });
});

test('each round is compared with itself, and not the medians of all', () => {
  expect(pairedRatio([1, 2, 3], [4, 1, 2])).toEqual({ ratio: 1.5, ratioLow: 0.25, ratioHigh: 2 });
});
