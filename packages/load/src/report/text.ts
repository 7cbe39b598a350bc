import type { Phase } from '../plan/plan.js';
import { Latencies } from '../run/latencies.js';
import type { SecondReport } from '../run/recorder.js';
import { type PhaseSummary, percentiles, type RunSummary, type Times } from './summary.js';

/** Above this share of busy time in a thread, what was measured may be the injector. */
const saturatedFrom = 0.9;

/** The run as lines for a terminal. */
export function textReport(summary: RunSummary): string {
  const lines = summary.phases.flatMap((phase) => [phaseTitle(phase.phase), ...phaseLines(phase, summary.url), '']);
  const verdicts = summary.verdicts.map(
    ({ actual, budget, holds, limit }) => `${holds ? 'pass' : 'FAIL'}  ${budget} ${limit}: ${rounded(actual)}`,
  );
  const dead = summary.allFailed.map((name) => `FAIL  no call of ${name} went well`);
  return [...lines, ...verdicts, ...dead, `seed ${summary.seed}, ${summary.threads} thread(s)`].join('\n');
}

/** One line while it runs: what the last second was like. */
export function progressLine(phase: number, reports: readonly SecondReport[]): string {
  const latencies = new Latencies(2);
  for (const report of reports) latencies.add(Latencies.decode(report.latencies, 2));
  const calls = reports.reduce((sum, report) => sum + report.calls, 0);
  const failures = reports.reduce((sum, report) => sum + report.failures, 0);
  const second = reports[0]?.second ?? 0;
  return `phase ${phase + 1}  ${second + 1} s  ${calls} calls/s  ${failures} errors  p99 ${rounded(latencies.percentileMs(99))} ms`;
}

export function phaseTitle(phase: Phase): string {
  if (phase.loop === 'closed') {
    const length = phase.requests === undefined ? `${phase.seconds} s` : `${phase.requests} requests`;
    return `closed loop, ${phase.clients} client(s), ${length}`;
  }
  const ramp = phase.toRatePerSecond === undefined ? '' : ` to ${phase.toRatePerSecond}`;
  return `open loop, ${phase.ratePerSecond}${ramp} calls/s, ${phase.arrivals} arrivals, ${phase.seconds} s`;
}

function phaseLines(phase: PhaseSummary, url: string): string[] {
  const { calls, elapsedMs, failed, lateness, latency, loopBusyMax, requestsPerSecond, service, targets, unsent } =
    phase;
  const names = ['all', ...targets.map((target) => `${target.function} (${target.protocol})`)];
  const width = Math.max(...names.map((name) => name.length));
  const row = (name: string, count: number, times: Times) =>
    `  ${name.padEnd(width)} ${String(count).padStart(9)} ${cells(times)}`;
  const head = ['mean', ...percentiles.map((percentile) => `p${percentile}`), 'max'];
  return [
    `  ${calls} calls in ${rounded(elapsedMs / 1000)} s: ${rounded(requestsPerSecond)} calls/s, ${failed} failed`,
    `  ${''.padEnd(width)} ${'calls'.padStart(9)} ${head.map((cell) => `${cell} ms`.padStart(10)).join('')}`,
    row('all', calls, latency),
    ...(targets.length > 1
      ? targets.map((target, index) => row(names[index + 1] ?? '', target.calls, target.latency))
      : []),
    ...failureLines(phase, url),
    ...(phase.phase.loop === 'open'
      ? [
          row('from sending', calls, service),
          `  sent late by p50 ${rounded(lateness.percentilesMs[0] ?? 0)} ms, p99 ${rounded(lateness.percentilesMs[2] ?? 0)} ms`,
        ]
      : []),
    ...(unsent > 0 ? [`  ${unsent} calls were never sent: too many waited for a connection`] : []),
    ...hopLines(phase),
    saturationLine(loopBusyMax),
  ];
}

function failureLines({ targets }: PhaseSummary, url: string): string[] {
  // What an answer does not say of itself.
  const meanings = new Map([
    ['connection', `: nothing takes calls at ${url}, or it hangs up`],
    ['timeout', `: no answer of ${url} in time`],
    ['protocol', `: what ${url} answers cannot be read as HTTP`],
  ]);
  return targets.flatMap(({ failures, function: fn }) =>
    Object.entries(failures).map(([code, count]) => `  ${count} x ${code} (${fn})${meanings.get(code) ?? ''}`),
  );
}

function hopLines({ hops }: PhaseSummary): string[] {
  if (!hops) return [];
  const lines = hops.hops.map(
    ({ hop, meanMs, p50Ms, p99Ms }) =>
      `    ${hop.padEnd(9)}${[meanMs, p50Ms, p99Ms].map((ms) => rounded(ms).padStart(10)).join('')}`,
  );
  const head = ['mean ms', 'p50 ms', 'p99 ms'].map((cell) => cell.padStart(10)).join('');
  return [`  by hop, of ${hops.traces} traced calls`, `    ${''.padEnd(9)}${head}`, ...lines];
}

function saturationLine(loopBusyMax: number): string {
  const busy = `${Math.round(loopBusyMax * 100)} %`;
  return loopBusyMax >= saturatedFrom
    ? `  the injector was busy ${busy} of the time: it may be the bottleneck; give it more threads or another machine`
    : `  the injector was busy ${busy} of the time`;
}

function cells({ maxMs, meanMs, percentilesMs }: Times): string {
  return [meanMs, ...percentilesMs, maxMs].map((ms) => rounded(ms).padStart(10)).join('');
}

/** Three digits that mean something. */
export function rounded(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(value >= 1 ? 2 : 3);
}
