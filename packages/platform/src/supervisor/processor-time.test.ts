import { ProcessorTime } from './processor-time.js';

/** Looks once for each share of the time that was left over: "s" where they were saturated then. */
function looks(processorCount: number, ...idleShares: number[]): string {
  let times = { idle: 0, all: 0 };
  const processors = new ProcessorTime(() => times, processorCount);
  const seen = idleShares.map((share) => {
    times = { idle: times.idle + 2000 * share, all: times.all + 2000 };
    processors.look();
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

test('the processors of this machine can be looked at', () => {
  expect(typeof new ProcessorTime().look()).toBe('boolean');
});
