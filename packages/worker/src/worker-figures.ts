import type { Timings } from '@relais/contracts';
import { type Counter, type Histogram, MetricRegistry, type Reading, type SeriesTable } from '@relais/kit';
import type { FunctionCache } from './functions/function-cache.js';
import type { InstanceCounts, Runtime } from './runtimes/runtime.js';

const microsPerSecond = 1e6;

interface LanguageFigures {
  readonly run: Histogram;
  readonly byOutcome: Map<string, Counter>;
}

/** What a worker counts. A warm call costs one observation and two look-ups. */
export class WorkerFigures {
  readonly #jobs: SeriesTable<Counter>;
  readonly #runs: SeriesTable<Histogram>;
  readonly #colds: SeriesTable<Histogram>;
  readonly #byLang = new Map<string, LanguageFigures>();
  readonly #metrics: MetricRegistry;

  constructor(metrics = new MetricRegistry()) {
    this.#metrics = metrics;
    const outcome = ['lang', 'outcome'];
    this.#jobs = metrics.counters('relais_worker_jobs_total', 'Jobs of a worker by how they ended.', outcome);
    this.#runs = metrics.histograms('relais_worker_run_seconds', 'Time functions ran.', ['lang']);
    this.#colds = metrics.histograms('relais_worker_cold_start_seconds', 'Parts of cold starts.', ['lang', 'phase']);
  }

  /** Registers what is read from the parts. Once. */
  watch(functions: FunctionCache, runtimes: readonly Runtime[], runningCount: () => number): void {
    const metrics = this.#metrics;
    metrics.gauge('relais_worker_running_jobs', 'Jobs a worker has begun and not answered.', runningCount);
    metrics.gauge('relais_worker_functions', 'Versions that are ready for calls.', () => functions.count);
    metrics.gauge('relais_worker_functions_bytes', 'Memory held for them, roughly.', () => functions.loadedBytes);
    const help = 'What can serve calls, by language: processes, and WASM instances that are kept.';
    metrics.read('gauge', 'relais_worker_instances', help, ['lang', 'state'], () =>
      runtimes.flatMap(({ instances, lang }) => readingsOf([lang], instances?.() ?? sumOf(functions, lang))),
    );
    // Where it was a call, the gateway counts it.
    metrics.read('counter', 'relais_limits_hit_total', 'Instances ended at a limit with no call.', ['limit'], () => [
      ['cpuSeconds', runtimes.reduce((sum, { endedIdle }) => sum + (endedIdle?.() ?? 0), 0)],
    ]);
    const ofFunction = 'The same of each version that has any.';
    metrics.read('gauge', 'relais_worker_function_instances', ofFunction, ['function', 'version', 'state'], () =>
      Array.from(functions.ready()).flatMap(({ loaded, version }) =>
        readingsOf([version.name, String(version.version)], loaded.instances?.() ?? none).filter(
          ([, , , n]) => n !== 0,
        ),
      ),
    );
  }

  /** One job is answered; the outcome is "ok" or the code of its failure. */
  done(lang: string, outcome: string, timings: Timings | undefined): void {
    const figures = this.#ofLang(lang);
    let counter = figures.byOutcome.get(outcome);
    if (!counter) {
      counter = this.#jobs.of(lang, outcome);
      figures.byOutcome.set(outcome, counter);
    }
    counter.add();
    if (!timings) return;
    if (timings.runUs > 0) figures.run.observe(timings.runUs / microsPerSecond);
    if (timings.coldUs > 0) this.#cold(lang, timings);
  }

  #cold(lang: string, { compileUs, fetchUs, startUs }: Timings): void {
    const phases = { fetch: fetchUs, compile: compileUs, start: startUs };
    for (const [phase, us] of Object.entries(phases)) {
      if (us > 0) this.#colds.of(lang, phase).observe(us / microsPerSecond);
    }
  }

  #ofLang(lang: string): LanguageFigures {
    let figures = this.#byLang.get(lang);
    if (!figures) {
      figures = { run: this.#runs.of(lang), byOutcome: new Map() };
      this.#byLang.set(lang, figures);
    }
    return figures;
  }
}

const none: InstanceCounts = { busy: 0, idle: 0 };

function readingsOf(labels: readonly string[], { busy, idle }: InstanceCounts): Reading[] {
  return [
    [...labels, 'busy', busy],
    [...labels, 'idle', idle],
  ];
}

/** Of a language whose calls run in the worker's own loop. */
function sumOf(functions: FunctionCache, lang: string): InstanceCounts {
  const sum = { busy: 0, idle: 0 };
  for (const { loaded, version } of functions.ready()) {
    if (version.lang !== lang) continue;
    const { busy, idle } = loaded.instances?.() ?? none;
    sum.busy += busy;
    sum.idle += idle;
  }
  return sum;
}
