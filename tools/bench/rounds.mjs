import { checkPlan, inject, summarise } from '@relais/load';
import { median } from './median.mjs';
import { pairedRatio } from './paired-ratio.mjs';
import { treeCpuMs } from './process-tree.mjs';
import { quietRounds } from './quiet-rounds.mjs';

/**
 * Compares scenarios in one run: rounds interleaved, so that what disturbs the machine disturbs all alike. A scenario is
 * `{ name, pid, url, path, payload }`, with a function as `path` where it has a `protocol`. Resolves with a row of medians for
 * each, with its ratio to the first, round by round, and where that lies; rejects when a call fails, for what fails is no
 * measure of speed.
 */
export async function compare(scenarios, clients, { rounds, roundMs }) {
  for (const scenario of scenarios) await closedRound(scenario, clients, roundMs / 2);
  const rows = await inTurns(scenarios, rounds, clients, (scenario) => closedRound(scenario, clients, roundMs));
  return rows.map(({ rates, ...row }) => ({ ...row, ...pairedRatio(rates, rows[0].rates) }));
}

/** Busier than this, slower than asked or so late, an injector measures itself. */
const busyMax = 0.8;
const lateMsMax = 5;
const reachedMin = 0.97;
const rateStep = 0.85;
const triesMax = 10;
const warmSecondsMax = 1;

/**
 * The rate, or the highest below it that the injector reaches while it is idle for a fifth of its time and sends 99 % of the
 * calls in time. For a target that answers at once: a slow one makes calls late by itself, which counts against it.
 */
export async function rateThatCanBeTold(scenario, ratePerSecond, roundMs) {
  let rate = ratePerSecond;
  for (let tries = 0; tries < triesMax; tries++) {
    const { injectorBusy, lateP99Ms, requestsPerSecond } = await steadyRound(scenario, rate, roundMs);
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
  const rows = await inTurns(scenarios, rounds, 0, (scenario) => steadyRound(scenario, scenario.rate, roundMs));
  return rows.map(({ rates: _, ...row }, index) => ({ ...row, rate: scenarios[index].rate }));
}

/** A row of medians of each scenario, of rounds in which all take turns: in order, and in the next round backwards. */
async function inTurns(scenarios, rounds, clients, sample) {
  const order = [...scenarios.keys()];
  const { results, stolenPercent } = await quietRounds(rounds, async () => {
    const samples = [];
    for (const index of order) samples[index] = await sample(scenarios[index]);
    order.reverse();
    return samples;
  });
  return scenarios.map(({ name }, index) => {
    return {
      ...summary(
        name,
        clients,
        results.map((round) => round[index]),
      ),
      stolenPercent,
    };
  });
}

function steadyRound(scenario, ratePerSecond, roundMs) {
  return run(scenario, { loop: 'open', ratePerSecond, arrivals: 'poisson' }, roundMs);
}

function closedRound(scenario, clients, roundMs) {
  return run(scenario, { loop: 'closed', clients }, roundMs);
}

/**
 * What a phase of this length showed, after a second of the same that does not count: each round begins with a new thread, whose
 * code Node has to compile first.
 */
async function run({ name, path, payload, pid, protocol = 'http', url }, phase, roundMs) {
  const seconds = roundMs / 1000;
  const warmSeconds = Math.min(seconds, warmSecondsMax);
  const plan = checkPlan({
    url,
    targets: [{ function: path, protocol, payload }],
    phases: [warmSeconds, seconds].map((each) => ({ ...phase, seconds: each })),
    threads: 1,
    traceRatio: 0,
  });
  const cpuBeforeMs = treeCpuMs(pid);
  const done = summarise(plan, await inject(plan, () => {})).phases;
  const told = done.at(-1);
  const cpuMs = treeCpuMs(pid) - cpuBeforeMs;
  if (told.failed > 0) throw new Error(`${name}: ${JSON.stringify(told.targets[0].failures)}`);
  const [p50Ms, , p99Ms] = told.latency.percentilesMs;
  const { loopBusyMax, requestsPerSecond } = told;
  const calls = done.reduce((sum, each) => sum + each.calls, 0);
  const [, , sentP99Ms] = told.service.percentilesMs;
  const [, , lateP99Ms] = told.lateness.percentilesMs;
  const cpuUs = (cpuMs * 1000) / calls;
  return { requestsPerSecond, p50Ms, p99Ms, sentP99Ms, lateP99Ms, cpuUs, injectorBusy: loopBusyMax };
}

function summary(name, clients, samples) {
  const middle = (pick) => median(samples.map(pick));
  return {
    name,
    clients,
    requestsPerSecond: middle((sample) => sample.requestsPerSecond),
    rates: samples.map((sample) => sample.requestsPerSecond),
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
