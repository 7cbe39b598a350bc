import { type Counter, type Histogram, isSampled, type MetricRegistry, type SeriesTable, traceIdOf } from '@relais/kit';
import type { CallReport } from './call-report.js';

interface VersionFigures {
  readonly duration: Histogram;
  readonly byCode: Map<string, Counter>;
}

const versionsMax = 10_000;

/** What the gateway counts. Each call costs two look-ups by a string it has at hand. */
export class GatewayFigures {
  readonly #calls: SeriesTable<Counter>;
  readonly #durations: SeriesTable<Histogram>;
  readonly #builds: SeriesTable<Counter>;
  readonly #limits: SeriesTable<Counter>;
  readonly #requests: SeriesTable<Counter>;
  readonly #byVersion = new Map<string, VersionFigures>();
  readonly #byRequest = new Map<string, Map<number | string, Counter>>();
  readonly #wallMs: () => number;

  constructor(metrics: MetricRegistry, wallMs: () => number) {
    this.#wallMs = wallMs;
    const labels = ['function', 'version'];
    this.#calls = metrics.counters('relais_invocations_total', 'Calls of functions by how they ended.', [
      ...labels,
      'code',
    ]);
    this.#durations = metrics.histograms(
      'relais_invocation_duration_seconds',
      'Time of a call from its acceptance at the gateway to its result.',
      labels,
    );
    this.#builds = metrics.counters('relais_builds_total', 'Builds by language and how they ended.', ['lang', 'code']);
    this.#limits = metrics.counters('relais_limits_hit_total', 'Requests and calls that ended at a limit.', ['limit']);
    this.#requests = metrics.counters('relais_http_requests_total', 'Requests by route and HTTP status or RPC code.', [
      'route',
      'status',
    ]);
  }

  /** One call of a function is over. */
  called(report: CallReport): void {
    const { failure } = report;
    const code = failure?.code ?? 'ok';
    const figures = this.#ofVersion(report);
    const seconds = (report.endMs - report.startMs) / 1000;
    figures.duration.observe(seconds);
    if (isSampled(report.traceparent)) {
      figures.duration.exemplify(seconds, traceIdOf(report.traceparent), this.#wallMs());
    }
    let counter = figures.byCode.get(code);
    if (!counter) {
      counter = this.#calls.of(report.functionName, String(report.version), code);
      figures.byCode.set(code, counter);
    }
    counter.add();
  }

  built(lang: string, code: string): void {
    this.#builds.of(lang, code).add();
  }

  /** A limit the answer speaks of, by its name. */
  limitHit(limit: string): void {
    this.#limits.of(limit).add();
  }

  /** One request is answered; `status` is an HTTP status, or the code of an RPC. */
  answered(route: string, status: number | string): void {
    let byStatus = this.#byRequest.get(route);
    if (!byStatus) {
      byStatus = new Map();
      this.#byRequest.set(route, byStatus);
    }
    let counter = byStatus.get(status);
    if (!counter) {
      counter = this.#requests.of(route, String(status));
      byStatus.set(status, counter);
    }
    counter.add();
  }

  #ofVersion({ functionId, functionName, version }: CallReport): VersionFigures {
    const known = this.#byVersion.get(functionId);
    if (known) return known;
    // The series stay; only the short way to them is forgotten.
    if (this.#byVersion.size >= versionsMax) this.#byVersion.clear();
    const figures = { duration: this.#durations.of(functionName, String(version)), byCode: new Map() };
    this.#byVersion.set(functionId, figures);
    return figures;
  }
}
