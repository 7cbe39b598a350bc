import type { Counter, MetricFamily, MetricRegistry, Reading, SeriesTable } from '@relais/kit';
import { type ProcessUsage, processUsage } from './process-usage.js';

/** A worker process that runs now. */
export interface RunningWorker {
  /** What it fills: stays the same when the process is replaced. */
  readonly place: string;
  /** Of it and of the process of its threads. */
  readonly pids: readonly number[];
  /** What it last said of itself. */
  readonly families: readonly MetricFamily[];
}

/** What a supervisor counts, and what it sees of its workers from outside. */
export class SupervisorFigures {
  readonly #exits: SeriesTable<Counter>;

  constructor(metrics: MetricRegistry, running: () => readonly RunningWorker[]) {
    this.#exits = metrics.counters('relais_worker_exits_total', 'Worker processes that ended.', ['worker', 'signal']);
    metrics.gauge('relais_worker_processes', 'Worker processes that run.', () => running().length);
    const cpu =
      'CPU time of a worker process, of the process of its threads, and of children of these that have ended.';
    metrics.read('counter', 'relais_worker_cpu_seconds_total', cpu, ['worker'], () =>
      running().flatMap(({ pids, place }) => sumOf(place, pids, ({ cpuSeconds }) => cpuSeconds)),
    );
    const memory = 'Resident memory of a worker process, of the process of its threads, and of all their children.';
    metrics.read('gauge', 'relais_worker_memory_bytes', memory, ['worker'], () =>
      running().flatMap(({ pids, place }) => sumOf(place, pids, ({ memoryBytes }) => memoryBytes)),
    );
  }

  exited(place: string, signal: string): void {
    this.#exits.of(place, signal).add();
  }
}

/** Nothing when it is gone. */
function sumOf(place: string, pids: readonly number[], part: (usage: ProcessUsage) => number): Reading[] {
  const usages = pids.map(processUsage).filter((usage) => usage !== undefined);
  return usages.length > 0 ? [[place, usages.reduce((sum, usage) => sum + part(usage), 0)]] : [];
}
