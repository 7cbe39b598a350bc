import { DrainRate } from './drain-rate.js';

test('advice follows how fast jobs have left of late', () => {
  const rate = new DrainRate(0);
  for (let ms = 0; ms < 2000; ms += 2) rate.record(ms);
  expect(rate.timeToDrainMs(500, 2000)).toBeCloseTo(1000, -2);
});

test('nothing has left for long: the longest advice, not an endless one', () => {
  const rate = new DrainRate(0);
  rate.record(0);
  expect(rate.timeToDrainMs(500, 10_000)).toBe(60_000);
});
