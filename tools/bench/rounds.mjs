import { checkPlan, inject, summarise } from '@relais/load';
import { treeCpuMs } from './process-tree.mjs';

/**
 * Compares scenarios in one run: rounds interleaved, so that what disturbs the machine disturbs all alike. A scenario is
 * `{ name, pid, url, path, payload }`, with a function as `path` where it has a `protocol`. Resolves with a row of medians for each, with its ratio to the first; rejects when a
 * call fails, for what fails is no measure of speed.
 */
export async function compare(scenarios, clients, { rounds, roundMs }) {
  const samples = scenarios.map(() => []);
  for (const scenario of scenarios) await oneRound(scenario, clients, roundMs / 2);
  for (let round = 0; round < rounds; round++) {
    for (const [index, scenario] of scenarios.entries())
      samples[index].push(await oneRound(scenario, clients, roundMs));
  }
  const rows = scenarios.map(({ name }, index) => summary(name, clients, samples[index]));
  return rows.map((row) => ({ ...row, ratio: row.requestsPerSecond / rows[0].requestsPerSecond }));
}

/**
 * Latency of scenarios when each is called so many times a second (`ratesPerSecond`, one for each), whatever it answers, at
 * random times; rounds interleaved. Resolves with a row of medians for each.
 */
export async function compareAtRates(scenarios, ratesPerSecond, { rounds, roundMs }) {
  const samples = scenarios.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, scenario] of scenarios.entries()) {
      const ratePerSecond = ratesPerSecond[index];
      const phase = { loop: 'open', ratePerSecond, arrivals: 'poisson', seconds: roundMs / 1000 };
      samples[index].push(await run(scenario, phase));
    }
  }
  return scenarios.map(({ name }, index) => summary(name, 0, samples[index]));
}

function oneRound(scenario, clients, durationMs) {
  return run(scenario, { loop: 'closed', clients, seconds: durationMs / 1000 });
}

async function run({ name, path, payload, pid, protocol = 'http', url }, loop) {
  const plan = checkPlan({
    url,
    targets: [{ function: path, protocol, payload }],
    phases: [loop],
    threads: 1,
    traceRatio: 0,
  });
  const cpuBeforeMs = treeCpuMs(pid);
  const [phase] = summarise(plan, await inject(plan, () => {})).phases;
  const cpuMs = treeCpuMs(pid) - cpuBeforeMs;
  if (phase.failed > 0) throw new Error(`${name}: ${JSON.stringify(phase.targets[0].failures)}`);
  const [p50Ms, , p99Ms] = phase.latency.percentilesMs;
  const { calls, loopBusyMax, requestsPerSecond } = phase;
  return { requestsPerSecond, p50Ms, p99Ms, cpuUs: (cpuMs * 1000) / calls, injectorBusy: loopBusyMax };
}

function summary(name, clients, samples) {
  const middle = (pick) => samples.map(pick).sort((a, b) => a - b)[Math.floor(samples.length / 2)];
  return {
    name,
    clients,
    requestsPerSecond: middle((sample) => sample.requestsPerSecond),
    p50Ms: middle((sample) => sample.p50Ms),
    p99Ms: middle((sample) => sample.p99Ms),
    cpuUs: middle((sample) => sample.cpuUs),
    injectorBusy: middle((sample) => sample.injectorBusy),
  };
}

/** Rows as a table. */
export function table(rows) {
  const width = Math.max(6, ...rows.map(({ name }) => name.length));
  const head = `${'target'.padEnd(width)}   clients   requests/s   ratio    p50 ms    p99 ms   CPU us/request   injector busy`;
  const lines = rows.map((row) =>
    [
      row.name.padEnd(width),
      String(row.clients).padStart(9),
      row.requestsPerSecond.toFixed(0).padStart(12),
      row.ratio.toFixed(2).padStart(7),
      row.p50Ms.toFixed(2).padStart(9),
      row.p99Ms.toFixed(2).padStart(9),
      row.cpuUs.toFixed(0).padStart(16),
      `${Math.round(row.injectorBusy * 100)} %`.padStart(15),
    ].join(' '),
  );
  return [head, ...lines].join('\n');
}
