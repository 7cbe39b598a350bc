import { ProcessorTime } from './processor-time.js';

const lookMs = 2000;

/** Looks once for each share of the time of all that was left over: "s" where they were saturated then. */
function looks(processorCount: number, ...idleShares: number[]): string {
  return looksWithout([], ...idleShares.map((share) => Array.from({ length: processorCount }, () => share)));
}

/** The same for the shares of each, some of which are not to be had. */
function looksWithout(without: readonly number[], ...idleShares: number[][]): string {
  let times = (idleShares[0] ?? []).map(() => ({ idle: 0, all: 0 }));
  const processors = new ProcessorTime(() => times);
  const seen = idleShares.map((shares) => {
    times = times.map(({ all, idle }, at) => ({ idle: idle + lookMs * (shares[at] ?? 0), all: all + lookMs }));
    processors.look(without);
    return processors.saturated ? 's' : '-';
  });
  return seen.join('');
}

test('processors are saturated when hardly any time is left over for long enough, and no longer when some is', () => {
  expect(looks(16, 0.5, 0.05, 0.5, 0.05, 0.02, 0.3, 0.05, 0.3, 0.3)).toBe('----ssss-');
});

test('where there are few, half of one must be left over for one more worker, and more once it was not', () => {
  expect(looks(2, 0.26, 0.26, 0.24, 0.24, 0.26, 0.26, 0.39, 0.39, 0.41, 0.41)).toBe('---ssssss-');
});

test('processors that are left to others are not counted', () => {
  expect(looksWithout([0], [1, 0], [1, 0], [1, 0.6], [1, 0.9], [1, 0.9])).toBe('-sss-');
  expect(looksWithout([], [1, 0], [1, 0])).toBe('--');
});

test('the processors of this machine can be looked at', () => {
  expect(typeof new ProcessorTime().look()).toBe('boolean');
});
