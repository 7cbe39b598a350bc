import type { Counter, MetricFamily, MetricRegistry, Reading, SeriesTable } from '@relais/kit';
import { processUsage } from './process-usage.js';

/** A worker process that runs now. */
export interface RunningWorker {
  /** What it fills: stays the same when the process is replaced. */
  readonly place: string;
  readonly pid: number;
  /** What it last said of itself. */
  readonly families: readonly MetricFamily[];
}

/** What a supervisor counts, and what it sees of its workers from outside. */
export class SupervisorFigures {
  readonly #exits: SeriesTable<Counter>;

  constructor(metrics: MetricRegistry, running: () => readonly RunningWorker[]) {
    this.#exits = metrics.counters('relais_worker_exits_total', 'Worker processes that ended.', ['worker', 'signal']);
    metrics.gauge('relais_worker_processes', 'Worker processes that run.', () => running().length);
    const cpu = 'CPU time of a worker process and of those of its children that have ended.';
    metrics.read('counter', 'relais_worker_cpu_seconds_total', cpu, ['worker'], () =>
      running().flatMap(({ pid, place }): Reading[] => {
        const usage = processUsage(pid);
        return usage ? [[place, usage.cpuSeconds]] : [];
      }),
    );
    const memory = 'Resident memory of a worker process and all its children.';
    metrics.read('gauge', 'relais_worker_memory_bytes', memory, ['worker'], () =>
      running().flatMap(({ pid, place }): Reading[] => {
        const usage = processUsage(pid);
        return usage ? [[place, usage.memoryBytes]] : [];
      }),
    );
  }

  exited(place: string, signal: string): void {
    this.#exits.of(place, signal).add();
  }
}
