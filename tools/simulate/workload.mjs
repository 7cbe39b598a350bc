import { chooser, exponential, logNormal, seededRandom } from './random.mjs';

/**
 * Shapes as published of Azure Functions in 2019 (Shahrad et al., "Serverless in the Wild", USENIX ATC 2020): average
 * execution times are log-normal with a log mean of -0.38 and a deviation of 2.36 in seconds, and 18.6 % of the
 * applications get 99.6 % of the invocations, which is what Zipf's law gives with this exponent.
 */
const published = { logMeanS: -0.38, logDeviation: 2.36, zipfExponent: 1.6 };

/** Ours: calls of one function differ less than functions do; nothing runs longer than the cap. */
const callDeviation = 0.5;
const runMsMax = 60_000;
/** A new instance: interpreter, imports, connections. */
const cold = { logMeanMs: Math.log(250), logDeviation: 0.7, msMax: 10_000 };
/** A module that is fetched and compiled. */
const compile = { logMeanMs: Math.log(40), logDeviation: 0.5, msMax: 1000 };
/** From one high tide to the next. */
const tideMs = 300_000;
/** Tiny WASM functions, run one after the other in the worker's own loop. */
const tiny = { logMeanMs: Math.log(0.3), logDeviation: 1 };

/**
 * What may be simulated. tinyShare: calls of tiny functions; load: offered work over what the fleet can do; swing: how far
 * that rises above and falls below itself, over and over; keptShare: workers that stay whatever the load.
 */
export const workloads = {
  skewed: { tinyShare: 0, load: 0.5, swing: 0, keptShare: 1 },
  mixed: { tinyShare: 0.8, load: 0.5, swing: 0, keptShare: 1 },
  crowded: { tinyShare: 0, load: 0.7, swing: 0, keptShare: 1 },
  tidal: { tinyShare: 0, load: 0.4, swing: 0.9, keptShare: 0.05 },
};

/**
 * Functions with their popularity, run time and cold start.
 * @returns {{ id: string, lang: string, weight: number, meanMs: number, coldMs: number }[]}
 */
export function makeFunctions(count, tinyShare, seed) {
  const random = seededRandom(seed);
  const tinyCount = tinyShare > 0 ? Math.ceil(count / 2) : 0;
  return [
    ...familyOf('c', tinyCount, tinyShare, random),
    ...familyOf('python', count - tinyCount, 1 - tinyShare, random),
  ];
}

function familyOf(lang, count, share, random) {
  const weights = Array.from({ length: count }, (_, rank) => (rank + 1) ** -published.zipfExponent);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const isTiny = lang === 'c';
  return weights.map((weight, rank) => ({
    id: `${lang}-${rank}_1700000000`,
    lang,
    weight: (weight / sum) * share,
    meanMs: isTiny
      ? logNormal(random, tiny.logMeanMs, tiny.logDeviation)
      : Math.min(runMsMax, 1000 * logNormal(random, published.logMeanS, published.logDeviation)),
    coldMs: coldMsOf(isTiny ? compile : cold, random),
  }));
}

function coldMsOf({ logMeanMs, logDeviation, msMax }, random) {
  return Math.min(msMax, logNormal(random, logMeanMs, logDeviation));
}

/** Expected run time of a call of a language, milliseconds on a worker of speed 1. */
export function meanRunMs(functions, lang) {
  const some = functions.filter((fn) => fn.lang === lang);
  const weight = some.reduce((sum, fn) => sum + fn.weight, 0);
  return weight === 0 ? 0 : some.reduce((sum, fn) => sum + fn.weight * fn.meanMs, 0) / weight;
}

/** Calls in order of arrival (a Poisson process whose rate swings by a share of itself): `next` gives the milliseconds until one, its function and run time. */
export function arrivals(functions, ratePerMs, seed, swing) {
  const random = seededRandom(seed);
  const choose = chooser(functions.map(({ weight }) => weight));
  const spread = -(callDeviation ** 2) / 2;
  let nowMs = 0;
  return {
    next() {
      const fnIndex = choose(random);
      const runMs = Math.min(runMsMax, functions[fnIndex].meanMs * logNormal(random, spread, callDeviation));
      const rate = ratePerMs * (1 + swing * Math.sin((2 * Math.PI * nowMs) / tideMs));
      const waitMs = exponential(random) / rate;
      nowMs += waitMs;
      return { waitMs, fnIndex, runMs };
    },
  };
}
