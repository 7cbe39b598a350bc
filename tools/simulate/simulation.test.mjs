import { EventQueue } from './event-queue.mjs';
import { Instances } from './instances.mjs';
import { jain, peakOverMean, quantiles } from './measures.mjs';
import { chooser, logNormal, seededRandom } from './random.mjs';
import { simulate } from './simulation.mjs';
import { barChart, lineChart } from './svg.mjs';
import { makeFunctions } from './workload.mjs';

const small = { workload: 'skewed', workers: 20, functions: 200, jobs: 5000, keepAliveMs: 600_000, seed: 7 };

test('the same seed gives the same figures, another gives others; every call is answered', async () => {
  const [first, again, other] = [
    await simulate({ ...small, jobs: 2000, strategy: 'affinity' }),
    await simulate({ ...small, jobs: 2000, strategy: 'affinity' }),
    await simulate({ ...small, jobs: 2000, strategy: 'affinity', seed: 8 }),
  ];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
  expect([first.answered, first.refused]).toEqual([1800, 0]);
});

test.each(['skewed', 'mixed'])(
  '%s: affinity has at most half the cold starts of rr, at the same p99 or better',
  async (workload) => {
    const rr = await simulate({ ...small, workload, strategy: 'rr' });
    const affinity = await simulate({ ...small, workload, strategy: 'affinity' });
    expect(rr.coldStarts).toBeGreaterThanOrEqual(2 * affinity.coldStarts);
    expect(affinity.p99Ms).toBeLessThanOrEqual(rr.p99Ms);
    expect(affinity.overhead99Ms).toBeLessThanOrEqual(rr.overhead99Ms);
  },
);

test('popularity and run times have the published shapes', () => {
  const functions = makeFunctions(5000, 0, 1);
  const top = functions.slice(0, Math.round(5000 * 0.186)).reduce((sum, { weight }) => sum + weight, 0);
  expect(top).toBeGreaterThan(0.985);
  const logs = functions.map(({ meanMs }) => Math.log(meanMs / 1000)).sort((a, b) => a - b);
  expect(logs[2500]).toBeCloseTo(-0.38, 0);
});

test('instances are kept until their time or their memory is needed', () => {
  const instances = new Instances(2, 100);
  expect(instances.take(1, 0)).toBe(true);
  expect(instances.take(1, 0)).toBe(true);
  instances.giveBack(1, 10);
  instances.giveBack(1, 20);
  expect([instances.take(1, 110), instances.take(1, 130)]).toEqual([false, true]);
  instances.giveBack(1, 140);
  instances.giveBack(1, 141);
  expect(instances.take(2, 142)).toBe(true);
  instances.giveBack(2, 143);
  expect([instances.take(1, 144), instances.take(1, 144)]).toEqual([false, true]);
});

test('events come by time, then in order of addition', () => {
  const random = seededRandom(1);
  const queue = new EventQueue();
  const times = Array.from({ length: 500 }, () => Math.floor(random() * 50));
  for (const [index, atMs] of times.entries()) queue.add(atMs, () => index);
  const taken = Array.from({ length: 500 }, () => queue.take().callback());
  expect(taken).toEqual([...times.keys()].sort((a, b) => times[a] - times[b] || a - b));
  expect([queue.take(), queue.size]).toEqual([undefined, 0]);
});

test('what is drawn has the distribution it should', () => {
  const random = seededRandom(3);
  const choose = chooser([1, 0, 3]);
  const counts = [0, 0, 0];
  for (let draw = 0; draw < 10_000; draw++) counts[choose(random)]++;
  expect(counts[1]).toBe(0);
  expect(counts[2] / counts[0]).toBeCloseTo(3, 0);
  const draws = Array.from({ length: 10_001 }, () => logNormal(random, 1, 2)).sort((a, b) => a - b);
  expect(Math.log(draws[5000])).toBeCloseTo(1, 0);
});

test('the measures are what their names say', () => {
  expect(quantiles(Float64Array.from([3, 1, 2, 4]), [0, 0.5, 1])).toEqual([1, 3, 4]);
  expect([jain([1, 1, 1]), jain([1, 0, 0, 0])]).toEqual([1, 0.25]);
  expect(peakOverMean([1, 2, 3])).toBe(1.5);
});

test('charts show every value', () => {
  const series = [
    { name: 'a<b', values: [1, 2, 3] },
    { name: 'c', values: [3, 2, 1] },
  ];
  const bars = barChart({ title: 'T', unit: 'u', groups: ['x', 'y', 'z'], series });
  const lines = lineChart({ title: 'T', unit: 'u', xTitle: 'n', xs: [1, 10, 100], series });
  expect([bars.match(/<rect/g).length, lines.match(/<circle/g).length]).toEqual([1 + 6 + 2, 6]);
  for (const svg of [bars, lines]) expect(svg).not.toMatch(/NaN|undefined|a<b/);
});
