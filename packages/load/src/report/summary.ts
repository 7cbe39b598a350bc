import type { Phase, Plan } from '../plan/plan.js';
import { Latencies } from '../run/latencies.js';
import { type SlowCall, slowestMax } from '../run/recorder.js';
import type { PhaseRun } from '../threads/injector.js';
import type { HopBreakdown } from '../traces/fetch-hops.js';

/** Percentiles of a summary, in the order they are shown. */
export const percentiles = [50, 90, 99, 99.9] as const;

export interface Times {
  readonly meanMs: number;
  /** As in {@link percentiles}. */
  readonly percentilesMs: readonly number[];
  readonly maxMs: number;
}

export interface TargetSummary {
  readonly function: string;
  readonly protocol: string;
  readonly calls: number;
  readonly failures: Readonly<Record<string, number>>;
  /** From the intended start. */
  readonly latency: Times;
}

export interface SecondSummary {
  readonly second: number;
  readonly calls: number;
  readonly failures: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface PhaseSummary {
  readonly phase: Phase;
  readonly elapsedMs: number;
  readonly calls: number;
  readonly failed: number;
  /** Answered calls a second, failures included. */
  readonly requestsPerSecond: number;
  readonly targets: readonly TargetSummary[];
  /** From the intended start. */
  readonly latency: Times;
  /** From when calls were sent: what a closed loop would show. */
  readonly service: Times;
  /** How late calls were sent: the wait for a connection, and the injector's own delay. */
  readonly lateness: Times;
  /** Percentile curve of the latency: pairs of percentile and milliseconds. */
  readonly curve: readonly (readonly [number, number])[];
  readonly seconds: readonly SecondSummary[];
  readonly slowest: readonly SlowCall[];
  readonly sampledTraces: readonly string[];
  /** Where the time of the sampled calls went; absent when the server tells of no traces. */
  readonly hops?: HopBreakdown;
  /** Calls of an open loop that were never sent, because too many waited; not among `calls`. */
  readonly unsent: number;
  /** The busiest thread's share of time in its loop; near 1 the injector itself was the bottleneck. */
  readonly loopBusyMax: number;
}

export interface Verdict {
  readonly budget: string;
  readonly limit: number;
  readonly actual: number;
  readonly holds: boolean;
}

export interface RunSummary {
  readonly url: string;
  readonly seed: number;
  readonly threads: number;
  readonly phases: readonly PhaseSummary[];
  /** Of every budget, judged over each phase. */
  readonly verdicts: readonly Verdict[];
  /** Functions of which no call went well in a phase, where no budget says how many may fail. */
  readonly allFailed: readonly string[];
  readonly passed: boolean;
}

const curvePercentiles = [0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.999, 100];

/** Joins what the threads saw. */
export function summarise(plan: Plan, runs: readonly PhaseRun[]): RunSummary {
  const phases = runs.map((run) => summaryOf(plan, run));
  const verdicts = phases.flatMap((phase) => verdictsOn(plan, phase));
  const allFailed = plan.budget.errorRatioMax === undefined ? phases.flatMap(allFailedOf) : [];
  return {
    url: plan.url,
    seed: plan.seed,
    threads: runs[0]?.threads.length ?? 0,
    phases,
    verdicts,
    allFailed: [...new Set(allFailed)],
    passed: allFailed.length === 0 && verdicts.every(({ holds }) => holds),
  };
}

function summaryOf(plan: Plan, { phase, seconds, threads }: PhaseRun): PhaseSummary {
  const latency = new Latencies();
  const targets = plan.targets.map((target, index) => {
    const parts = threads.flatMap((thread) => thread.targets[index] ?? []);
    const own = joined(parts.map(({ latencies }) => latencies));
    latency.add(own);
    const failures: Record<string, number> = {};
    for (const part of parts) {
      for (const [code, count] of Object.entries(part.failures)) failures[code] = (failures[code] ?? 0) + count;
    }
    const calls = parts.reduce((sum, part) => sum + part.calls, 0);
    return { function: target.function, protocol: target.protocol, calls, failures, latency: timesOf(own) };
  });
  const calls = targets.reduce((sum, target) => sum + target.calls, 0);
  const elapsedMs = Math.max(...threads.map((thread) => thread.elapsedMs));
  return {
    phase,
    elapsedMs,
    calls,
    failed: targets.reduce((sum, { failures }) => sum + total(failures), 0),
    requestsPerSecond: elapsedMs === 0 ? 0 : (calls / elapsedMs) * 1000,
    targets,
    latency: timesOf(latency),
    service: timesOf(joined(threads.map(({ service }) => service))),
    lateness: timesOf(joined(threads.map(({ lateness }) => lateness))),
    curve: curvePercentiles.map((percentile) => [percentile, latency.percentileMs(percentile)] as const),
    seconds: secondsOf(seconds),
    slowest: threads
      .flatMap(({ slowest }) => slowest)
      .sort((one, other) => other.latencyMs - one.latencyMs)
      .slice(0, slowestMax),
    sampledTraces: threads.flatMap(({ sampledTraces }) => sampledTraces),
    unsent: threads.reduce((sum, { unsent }) => sum + unsent, 0),
    loopBusyMax: Math.max(...threads.map(({ loopBusy }) => loopBusy)),
  };
}

function secondsOf(reports: PhaseRun['seconds']): SecondSummary[] {
  const bySecond = Map.groupBy(reports, ({ second }) => second);
  return [...bySecond.entries()]
    .sort(([one], [other]) => one - other)
    .map(([second, parts]) => {
      const latencies = joined(
        parts.map((part) => part.latencies),
        2,
      );
      return {
        second,
        calls: parts.reduce((sum, part) => sum + part.calls, 0),
        failures: parts.reduce((sum, part) => sum + part.failures, 0),
        p50Ms: latencies.percentileMs(50),
        p99Ms: latencies.percentileMs(99),
        maxMs: latencies.maxMs,
      };
    });
}

function allFailedOf({ targets }: PhaseSummary): string[] {
  return targets.filter(({ calls, failures }) => calls > 0 && total(failures) === calls).map((each) => each.function);
}

function verdictsOn({ budget }: Plan, phase: PhaseSummary): Verdict[] {
  const [p50Ms = 0, , p99Ms = 0] = phase.latency.percentilesMs;
  const most = (name: string, limit: number | undefined, actual: number) =>
    limit === undefined ? [] : [{ budget: name, limit, actual, holds: actual <= limit }];
  const least = (name: string, limit: number | undefined, actual: number) =>
    limit === undefined ? [] : [{ budget: name, limit, actual, holds: actual >= limit }];
  return [
    ...most('p50MsMax', budget.p50MsMax, p50Ms),
    ...most('p99MsMax', budget.p99MsMax, p99Ms),
    ...most('errorRatioMax', budget.errorRatioMax, errorRatioOf(phase)),
    ...least('requestsPerSecondMin', budget.requestsPerSecondMin, phase.requestsPerSecond),
  ];
}

/** Share of the calls meant to begin that failed or were never sent. */
function errorRatioOf({ calls, failed, unsent }: PhaseSummary): number {
  const meant = calls + unsent;
  // Nothing was answered: nothing was good.
  return meant === 0 ? 1 : (failed + unsent) / meant;
}

function joined(encoded: readonly string[], digits: 2 | 3 = 3): Latencies {
  const sum = new Latencies(digits);
  for (const text of encoded) sum.add(Latencies.decode(text, digits));
  return sum;
}

function timesOf(latencies: Latencies): Times {
  return {
    meanMs: latencies.meanMs,
    percentilesMs: percentiles.map((percentile) => latencies.percentileMs(percentile)),
    maxMs: latencies.maxMs,
  };
}

function total(failures: Readonly<Record<string, number>>): number {
  return Object.values(failures).reduce((sum, count) => sum + count, 0);
}
