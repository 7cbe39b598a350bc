import type { OpenPhase } from './plan.js';

/**
 * When the calls of an open phase are meant to begin, milliseconds from its start, in order; only those of one of
 * `shares` threads. Constant arrivals are dealt out in turn; a Poisson process is split into independent ones of a share
 * of the rate each, which together are the whole again.
 */
export function* arrivalTimes(
  phase: OpenPhase,
  share: number,
  shares: number,
  random: () => number,
): Generator<number, void, undefined> {
  const endMs = phase.seconds * 1000;
  if (phase.arrivals === 'constant') {
    for (let index = share; ; index += shares) {
      const atMs = timeOfArrival(phase, index);
      if (atMs >= endMs) return;
      yield atMs;
    }
  }
  // Exponential steps in units of expected arrivals, then back to time through the ramp.
  let expected = 0;
  for (;;) {
    expected += -Math.log(1 - random()) * shares;
    const atMs = timeOfArrival(phase, expected);
    if (atMs >= endMs) return;
    yield atMs;
  }
}

/** When `count` arrivals are expected to have come, milliseconds: the inverse of the integral of a rate that changes evenly. */
function timeOfArrival({ ratePerSecond, toRatePerSecond, seconds }: OpenPhase, count: number): number {
  const slope = ((toRatePerSecond ?? ratePerSecond) - ratePerSecond) / seconds;
  if (slope === 0) return (count / ratePerSecond) * 1000;
  const inner = ratePerSecond * ratePerSecond + 2 * slope * count;
  // A falling rate never reaches more than it has in all.
  return inner < 0 ? Number.POSITIVE_INFINITY : ((Math.sqrt(inner) - ratePerSecond) / slope) * 1000;
}
