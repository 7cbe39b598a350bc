import { arrivalTimes } from './arrivals.js';
import type { OpenPhase } from './plan.js';
import { seededRandom } from './seeded-random.js';

const phase: OpenPhase = { loop: 'open', ratePerSecond: 100, arrivals: 'constant', seconds: 2 };

function times(of: OpenPhase, share = 0, shares = 1, seed = 1): number[] {
  return [...arrivalTimes(of, share, shares, seededRandom(seed))];
}

test('constant arrivals are evenly spaced over the phase', () => {
  const all = times(phase);
  expect(all).toHaveLength(200);
  expect(all.slice(0, 3)).toEqual([0, 10, 20]);
});

test('shares of constant arrivals make up the whole', () => {
  const parts = [0, 1, 2].flatMap((share) => times(phase, share, 3)).sort((one, other) => one - other);
  expect(parts).toEqual(times(phase));
});

test('a ramp has as many arrivals as the area under it and becomes denser', () => {
  const all = times({ ...phase, toRatePerSecond: 300 });
  expect(all).toHaveLength(400);
  const firstHalf = all.filter((atMs) => atMs < 1000).length;
  expect(firstHalf).toBe(150);
});

test('a falling ramp ends', () => {
  expect(times({ ...phase, toRatePerSecond: 1 }).length).toBeCloseTo(101, -1);
});

test('Poisson arrivals have the rate, and gaps that vary as much as they last', () => {
  const all = times({ ...phase, arrivals: 'poisson', seconds: 100 });
  expect(all.length).toBeGreaterThan(9700);
  expect(all.length).toBeLessThan(10_300);
  const gaps = all.slice(1).map((atMs, index) => atMs - (all[index] ?? 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  expect(deviation / mean).toBeGreaterThan(0.95);
  expect(deviation / mean).toBeLessThan(1.05);
});

test('a seed decides the arrivals', () => {
  const poisson: OpenPhase = { ...phase, arrivals: 'poisson' };
  expect(times(poisson, 0, 2, 7)).toEqual(times(poisson, 0, 2, 7));
  expect(times(poisson, 0, 2, 7)).not.toEqual(times(poisson, 0, 2, 8));
});
