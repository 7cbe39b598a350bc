import type { Counter, Histogram, MetricRegistry, Reading, SeriesTable } from '@relais/kit';
import type { FunctionState } from './functions/function-state.js';
import type { FunctionTable } from './functions/function-table.js';
import type { Dispatcher } from './scheduling/dispatcher.js';
import type { Fleet } from './workers/fleet.js';

/** What the figures are read from when somebody asks. */
export interface ReadState {
  readonly functions: FunctionTable;
  readonly fleet: Fleet;
  readonly dispatcher: Dispatcher;
}

/** What the balancer counts. A job costs one observation and one addition. */
export class BalancerFigures {
  readonly queueWait: Histogram;
  readonly moved: Counter;
  readonly dispatched: SeriesTable<Counter>;
  readonly refused: SeriesTable<Counter>;
  readonly expired: SeriesTable<Counter>;
  readonly killed: Counter;
  readonly lost: Counter;
  readonly workersOrdered: Counter;
  readonly scaled: SeriesTable<Counter>;
  readonly #metrics: MetricRegistry;

  constructor(metrics: MetricRegistry) {
    this.#metrics = metrics;
    this.queueWait = metrics.histogram('relais_queue_wait_seconds', 'Time a job waited for a worker with room.');
    this.dispatched = metrics.counters('relais_jobs_dispatched_total', 'Jobs given to a worker.', ['strategy']);
    this.moved = metrics.counter('relais_jobs_moved_total', 'Unstarted jobs of lost workers, put in line again.');
    this.refused = metrics.counters('relais_jobs_refused_total', 'Jobs not admitted.', ['reason']);
    this.expired = metrics.counters('relais_jobs_expired_total', 'Jobs whose time was over.', ['where']);
    this.killed = metrics.counter('relais_workers_killed_total', 'Workers ordered to be killed.');
    this.lost = metrics.counter('relais_workers_lost_total', 'Workers that went with unanswered jobs.');
    this.workersOrdered = metrics.counter('relais_workers_ordered_total', 'Workers ordered of supervisors.');
    const scaled = 'Decisions of the autoscaler that changed how many there are.';
    this.scaled = metrics.counters('relais_scale_decisions_total', scaled, ['kind', 'direction']);
  }

  /** Registers what is read from the state. Once. */
  watch({ dispatcher, fleet, functions }: ReadState, nowMs: () => number): void {
    const metrics = this.#metrics;
    metrics.gauge('relais_queue_jobs', 'Jobs that wait for a worker.', () => dispatcher.queuedCount);
    metrics.read(
      'gauge',
      'relais_function_queue_jobs',
      'Jobs waiting, of functions that have any.',
      ['function', 'function_id'],
      () => readings(functions, ({ queue }) => queue.size || undefined, sum),
    );
    const age = 'Age of the oldest waiting job, of functions that have any.';
    metrics.read('gauge', 'relais_function_queue_age_seconds', age, ['function', 'function_id'], () =>
      readings(functions, ({ queue: { head } }) => head && (nowMs() - head.queuedSinceMs) / 1000, Math.max),
    );
    const running = 'Slots its jobs hold, of functions that hold any.';
    metrics.read('gauge', 'relais_function_running_jobs', running, ['function', 'function_id'], () =>
      readings(functions, ({ running }) => running || undefined, sum),
    );
    const wanted = 'Warm instances the autoscaler wants, of functions that run in processes and have had calls.';
    metrics.read('gauge', 'relais_function_instances_wanted', wanted, ['function', 'function_id'], () =>
      readings(functions, ({ scaled }) => scaled?.instances || undefined, sum),
    );
    const probation = 'Functions on probation: their last calls all had to be ended.';
    metrics.read('gauge', 'relais_function_on_probation', probation, ['function', 'function_id'], () =>
      readings(functions, ({ onProbation }) => (onProbation ? 1 : undefined), Math.max),
    );
    metrics.read('gauge', 'relais_workers', 'Attached workers.', ['state'], () => {
      const counts = { ready: 0, draining: 0 };
      for (const { state } of fleet.values())
        if (state.kind === 'ready' || state.kind === 'draining') counts[state.kind]++;
      return Object.entries(counts);
    });
    metrics.read('gauge', 'relais_worker_credits', 'Jobs a worker may have at once.', ['worker_id'], () =>
      Array.from(fleet.values(), ({ id, slots }): Reading => [id, slots]),
    );
    metrics.read('gauge', 'relais_worker_jobs', 'Jobs a worker has now.', ['worker_id'], () =>
      Array.from(fleet.values(), ({ id, jobCount }): Reading => [id, jobCount]),
    );
    const outstanding = 'Estimated run time of the calls a worker has.';
    metrics.read('gauge', 'relais_worker_outstanding_seconds', outstanding, ['worker_id'], () =>
      Array.from(fleet.values(), ({ id, outstandingMs }): Reading => [id, outstandingMs / 1000]),
    );
    metrics.read('gauge', 'relais_balancer_strategy', 'The strategy in force.', ['strategy'], () => [
      [dispatcher.strategy, 1],
    ]);
  }
}

/** One for each function of which there is a figure, and one for all builds of a language. */
function readings(
  functions: FunctionTable,
  figureOf: (fn: FunctionState) => number | undefined,
  join: (one: number, other: number) => number,
): Reading[] {
  const joined = new Map<string, [string, string, number]>();
  for (const fn of functions.values()) {
    const figure = figureOf(fn);
    if (figure === undefined) continue;
    const before = joined.get(fn.publicKey);
    if (before) before[2] = join(before[2], figure);
    else joined.set(fn.publicKey, [fn.name, fn.publicKey, figure]);
  }
  return [...joined.values()];
}

function sum(one: number, other: number): number {
  return one + other;
}
