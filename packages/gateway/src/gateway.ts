import type { FleetServiceService, Job, JobResult, StorageServiceService } from '@relais/contracts';
import type {
  Clock,
  Component,
  Exchange,
  Logger,
  MetricRegistry,
  MetricSource,
  RelaisError,
  ServiceOf,
  Tracer,
} from '@relais/kit';
import { Core } from './core/core.js';
import { EdgeAdapter } from './edge/edge-adapter.js';
import { defaultGatewayLimits, type GatewayLimits } from './limits.js';
import { GatewayPort } from './net/gateway-port.js';
import type { ServerRequest, ServerResponse } from './net/messages.js';
import { BodyBudget } from './rest/body-budget.js';
import { RestAdapter } from './rest/rest-adapter.js';
import { splitTarget } from './rest/target.js';

export interface GatewayOptions {
  /** Address to listen on. */
  readonly host: string;
  /** 0: any free port; see {@link Gateway.url}. */
  readonly port: number;
  readonly storage: ServiceOf<typeof StorageServiceService>;
  readonly dispatch: Exchange<Job, JobResult>;
  readonly fleet: ServiceOf<typeof FleetServiceService>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tracer: Tracer;
  /** Release of the platform, as GetStatus tells it. */
  readonly version: string;
  /** Counts here what it does; nobody sees it when absent. */
  readonly metrics?: MetricRegistry;
  /** What GET /metrics shows: of this process and of those it looks after. Absent: what `metrics` has. */
  readonly metricsShown?: MetricSource;
  /** Bounds that differ from {@link defaultGatewayLimits}. */
  readonly limits?: Partial<GatewayLimits>;
}

/** The HTTP role: REST, Connect, gRPC and gRPC-Web on one port. It never schedules, stores, or runs code. */
export class Gateway implements Component {
  readonly name = 'gateway';
  readonly #core: Core;
  readonly #port: GatewayPort;
  readonly #edge: EdgeAdapter;
  readonly #rest: RestAdapter;
  readonly #logger: Logger;
  #stopping: Promise<void> | undefined;

  constructor(options: GatewayOptions) {
    const { clock, dispatch, fleet, host, logger, port, storage, tracer, version } = options;
    const limits: GatewayLimits = { ...defaultGatewayLimits, ...options.limits };
    const report = (failure: RelaisError, route: string) => this.#report(failure, route);
    this.#logger = logger;
    this.#core = new Core({ storage, dispatch, fleet, clock, logger, limits, version, metrics: options.metrics });
    const bodies = new BodyBudget(limits.bodyBytesInFlightMax);
    const metricsShown = options.metricsShown ?? options.metrics;
    this.#rest = new RestAdapter({ core: this.#core, limits, clock, bodies, version, tracer, report, metricsShown });
    options.metrics?.gauge('relais_request_bodies_bytes', 'Request bodies held in memory.', () => bodies.bytes);
    this.#edge = new EdgeAdapter({ core: this.#core, limits, clock, tracer, report });
    const handler = (request: ServerRequest, response: ServerResponse) => this.#handle(request, response);
    this.#port = new GatewayPort({ host, port, limits, clock, logger, handler });
  }

  /** Base URL with the port it really listens on; known after start. */
  get url(): string {
    return this.#port.url;
  }

  /** Rejects with failed_precondition reason cannot_listen. */
  async start(): Promise<void> {
    await this.#port.listen();
    this.#core.start();
  }

  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  async #stop(graceMs: number): Promise<void> {
    this.#core.readiness.stopping();
    this.#edge.stopping();
    await this.#port.close(graceMs);
    this.#core.stop();
  }

  #handle(request: ServerRequest, response: ServerResponse): void {
    const { path, query } = splitTarget(request.url ?? '/');
    if (EdgeAdapter.isRpcPath(path)) this.#edge.handle(request, response, path);
    else this.#rest.handle(request, response, path, query);
  }

  #report(failure: RelaisError, route: string): void {
    const { cause, ...fields } = failure.fields;
    const stack = cause instanceof Error ? cause.stack : cause;
    if (failure.code === 'internal') this.#logger.error({ route, ...fields, cause: stack }, failure.message);
    else this.#logger.debug({ route, code: failure.code, ...fields, cause }, failure.message);
  }
}
