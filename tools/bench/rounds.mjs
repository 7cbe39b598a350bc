import { withSources } from './load-source.mjs';
import { median } from './median.mjs';
import { pairedRatio } from './paired-ratio.mjs';
import { quietRounds } from './quiet-rounds.mjs';

/**
 * Compares scenarios in one run: rounds interleaved, so that what disturbs the machine disturbs all alike. A scenario is
 * `{ name, pid, url, path, payload }`, with a function as `path` where it has a `protocol`. Resolves with a row of medians for
 * each, with its ratio to the first, round by round, and where that lies; rejects when a call fails, for what fails is no
 * measure of speed.
 */
export async function compare(scenarios, clients, { rounds, roundMs }) {
  const phase = { loop: 'closed', clients };
  return withSources(
    scenarios,
    () => phase,
    roundMs,
    async (sources) => {
      for (const source of sources) await source.round();
      const rows = await inTurns(sources, rounds);
      return rows.map(({ rates, ...row }) => ({ ...row, clients, ...pairedRatio(rates, rows[0].rates) }));
    },
  );
}

/** Of results of {@link compare} the medians, and the ratios of the rows of each. */
export function medianRows(results) {
  return results[0].map(({ clients, name }, index) => {
    const samples = results.map((rows) => rows[index]);
    const ratio = pairedRatio(
      samples.map(rateOf),
      results.map(([first]) => rateOf(first)),
    );
    const stolenPercent = Math.max(...samples.map((sample) => sample.stolenPercent));
    const { rates: _, ...row } = summary(name, samples);
    return { ...row, clients, stolenPercent, ...ratio };
  });
}

/** Busier than this, slower than asked or so late, an injector measures itself. */
const busyMax = 0.8;
const lateMsMax = 5;
const reachedMin = 0.97;
const rateStep = 0.85;
const triesMax = 10;

/**
 * The rate, or the highest below it that the injector reaches while it is idle for a fifth of its time and sends 99 % of the
 * calls in time. For a target that answers at once: a slow one makes calls late by itself, which counts against it.
 */
export async function rateThatCanBeTold(scenario, ratePerSecond, roundMs) {
  let rate = ratePerSecond;
  for (let tries = 0; tries < triesMax; tries++) {
    const { injectorBusy, lateP99Ms, requestsPerSecond } = await oneAtRate(scenario, rate, roundMs);
    const inTime = lateP99Ms <= lateMsMax && requestsPerSecond >= rate * reachedMin;
    if (inTime && injectorBusy < busyMax) return rate;
    rate *= rateStep;
  }
  throw new Error(`${scenario.name}: the injector reaches no rate at which it could tell anything`);
}

/**
 * Latency of scenarios, each `{ ...scenario, rate }` called `rate` times a second, whatever it answers, at random times;
 * rounds interleaved. Resolves with a row of medians for each.
 */
export async function compareAtRates(scenarios, { rounds, roundMs }) {
  const rows = await withSources(
    scenarios,
    ({ rate }) => atRandomTimes(rate),
    roundMs,
    (sources) => inTurns(sources, rounds),
  );
  return rows.map(({ rates: _, ...row }, index) => ({ ...row, rate: scenarios[index].rate }));
}

function oneAtRate(scenario, ratePerSecond, roundMs) {
  return withSources(
    [scenario],
    () => atRandomTimes(ratePerSecond),
    roundMs,
    ([source]) => source.round(),
  );
}

function atRandomTimes(ratePerSecond) {
  return { loop: 'open', ratePerSecond, arrivals: 'poisson' };
}

/** A row of medians of each source, of rounds in which all take turns: in order, and in the next round backwards. */
async function inTurns(sources, rounds) {
  const order = [...sources.keys()];
  const { results, stolenPercent } = await quietRounds(rounds, async () => {
    const samples = [];
    for (const index of order) samples[index] = await sources[index].round();
    order.reverse();
    return samples;
  });
  return sources.map(({ name }, index) => ({
    ...summary(
      name,
      results.map((round) => round[index]),
    ),
    stolenPercent,
  }));
}

function rateOf({ requestsPerSecond }) {
  return requestsPerSecond;
}

function summary(name, samples) {
  const middle = (pick) => median(samples.map(pick));
  return {
    name,
    requestsPerSecond: middle((sample) => sample.requestsPerSecond),
    rates: samples.map(rateOf),
    p50Ms: middle((sample) => sample.p50Ms),
    p99Ms: middle((sample) => sample.p99Ms),
    sentP99Ms: middle((sample) => sample.sentP99Ms),
    lateP99Ms: middle((sample) => sample.lateP99Ms),
    cpuUs: middle((sample) => sample.cpuUs),
    injectorBusy: middle((sample) => sample.injectorBusy),
  };
}

/** Rows as a table. */
export function table(rows) {
  const width = Math.max(6, ...rows.map(({ name }) => name.length));
  const head = `${'target'.padEnd(width)}   clients   requests/s   ratio (95 % within)    p50 ms    p99 ms   CPU us/request   injector busy`;
  const lines = rows.map((row) =>
    [
      row.name.padEnd(width),
      String(row.clients).padStart(9),
      row.requestsPerSecond.toFixed(0).padStart(12),
      `${row.ratio.toFixed(2)} (${row.ratioLow.toFixed(2)}-${row.ratioHigh.toFixed(2)})`.padStart(20),
      row.p50Ms.toFixed(2).padStart(9),
      row.p99Ms.toFixed(2).padStart(9),
      row.cpuUs.toFixed(0).padStart(16),
      `${Math.round(row.injectorBusy * 100)} %`.padStart(15),
    ].join(' '),
  );
  const stolen = Math.max(...rows.map(({ stolenPercent }) => stolenPercent));
  const last = `The hypervisor took ${stolen.toFixed(1)} % of the processors at most in a round that counts.`;
  return [head, ...lines, last].join('\n');
}
