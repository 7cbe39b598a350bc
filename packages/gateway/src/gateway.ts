import type { FleetServiceService, Job, JobResult, OutputPart, StorageServiceService } from '@relais/contracts';
import {
  type Clock,
  type Component,
  type Exchange,
  type Logger,
  type MetricRegistry,
  type MetricSource,
  newTraceparent,
  type RelaisError,
  type ServiceOf,
  type SpanCarrier,
  type SpanIntake,
  type Tracer,
  type TraceStore,
} from '@relais/kit';
import { Gatekeeper, type Verdict } from './access/gatekeeper.js';
import { KeyCheck } from './access/key-check.js';
import { Core } from './core/core.js';
import { EdgeAdapter } from './edge/edge-adapter.js';
import { needOfProcedure } from './edge/needs.js';
import { defaultGatewayLimits, type GatewayLimits } from './limits.js';
import { AnswerBudget } from './net/answer-budget.js';
import { BodyBudget } from './net/body-budget.js';
import { GatewayPort } from './net/gateway-port.js';
import type { ServerRequest, ServerResponse } from './net/messages.js';
import type { PlainRequest } from './net/plain/plain-request.js';
import { type TlsFileNames, TlsFiles } from './net/tls-files.js';
import { RestAdapter } from './rest/rest-adapter.js';
import { needOfPath } from './rest/routes.js';
import { splitTarget, triggerReference } from './rest/target.js';
import type { SecretsKey } from './secrets/secrets-key.js';

export interface GatewayOptions {
  /** Address to listen on. */
  readonly host: string;
  /** 0: any free port; see {@link Gateway.url}. */
  readonly port: number;
  readonly storage: ServiceOf<typeof StorageServiceService>;
  readonly dispatch: Exchange<Job, JobResult, OutputPart>;
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
  /** Names it answers to beside localhost and IP addresses, as NAME or NAME:PORT; requests for others are refused. */
  readonly publicHosts?: readonly string[];
  /** Present: requests need keys. `adminKey` is one of scope admin that storage does not know; none when empty. */
  readonly keys?: { readonly adminKey: string } | undefined;
  /** Present: the port speaks TLS, with the certificate in these files, and nothing else. */
  readonly tls?: TlsFileNames | undefined;
  /** The key that secrets are sealed with; absent: this gateway keeps none. */
  readonly secretsKey?: SecretsKey | undefined;
  /** Whether functions may be deployed with network=host; not when absent. */
  readonly networkHost?: boolean;
  /** Which calls get a line in the log; all when absent. */
  readonly accessLog?: 'off' | 'failed' | 'all';
  /** Takes the spans that come with results. */
  readonly carrier?: SpanCarrier;
  /** The traces that are kept; none when absent. */
  readonly traces?: TraceStore | undefined;
  /** Takes the spans that callers send; none are when absent. */
  readonly intake?: SpanIntake | undefined;
  /** Bounds that differ from {@link defaultGatewayLimits}. */
  readonly limits?: Partial<GatewayLimits>;
}

/** The HTTP role: REST, Connect, gRPC and gRPC-Web on one port. It never schedules, stores, or runs code. */
export class Gateway implements Component {
  readonly name = 'gateway';
  readonly #core: Core;
  readonly #gate: Gatekeeper;
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
    const { accessLog, carrier, intake, metrics, networkHost = false, secretsKey, traces } = options;
    const roles = { storage, dispatch, fleet };
    const watching = { logger, tracer, metrics, accessLog, carrier, traces, intake };
    this.#core = new Core({ ...roles, ...watching, clock, limits, version, secretsKey, networkHost });
    const publicHosts = [host, ...(options.publicHosts ?? [])];
    const { functions, knownKeys } = this.#core;
    const { keys } = options;
    const check = keys && new KeyCheck({ known: knownKeys, adminKey: keys.adminKey });
    this.#gate = new Gatekeeper({ functions, publicHosts, keys: check });
    const bodies = new BodyBudget(limits.bodyBytesInFlightMax);
    const answers = new AnswerBudget(limits.answerBytesInFlightMax, () =>
      this.#core.figures.limitHit('answerBytesInFlightMax'),
    );
    const metricsShown = options.metricsShown ?? options.metrics;
    this.#rest = new RestAdapter({
      core: this.#core,
      limits,
      clock,
      bodies,
      answers,
      version,
      tracer,
      report,
      metricsShown,
    });
    options.metrics?.gauge('relais_request_bodies_bytes', 'Request bodies held in memory.', () => bodies.bytes);
    this.#edge = new EdgeAdapter({ core: this.#core, limits, clock, tracer, report }, bodies, answers);
    const handler = (request: ServerRequest, response: ServerResponse) => this.#handle(request, response);
    const tls = options.tls && new TlsFiles(options.tls, clock, logger);
    const takesPlain = (request: PlainRequest) => this.#takesPlain(request);
    this.#port = new GatewayPort({ host, port, limits, clock, logger, handler, takesPlain, tls });
  }

  /** Base URL with the port it really listens on; known after start. */
  get url(): string {
    return this.#port.url;
  }

  /** Whether storage holds a key of scope admin. Rejects with unavailable. */
  async hasAdminKey(): Promise<boolean> {
    const keys = await this.#core.keys.list(callerOfOurs());
    return keys.some(({ scopes }) => scopes.includes('admin'));
  }

  /** Makes a key of scope admin and answers it; it is kept nowhere. Rejects with unavailable. */
  async createAdminKey(name: string): Promise<string> {
    const input = { name, scopes: ['admin'], functions: [], ratePerS: 0, burst: 0, concurrency: 0 };
    return (await this.#core.keys.create(input, callerOfOurs())).key;
  }

  /** Rejects with failed_precondition reason cannot_listen or tls_unusable. */
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
    await this.#port.close(graceMs, () => this.#core.readiness.shut());
    this.#core.stop();
  }

  #takesPlain(request: PlainRequest): boolean {
    return !EdgeAdapter.isRpcPath(request.url) || this.#edge.takesPlain(request, splitTarget(request.url).path);
  }

  #handle(request: ServerRequest, response: ServerResponse): void {
    const { path, query } = splitTarget(request.url ?? '/');
    const isRpc = EdgeAdapter.isRpcPath(path);
    const need = isRpc ? needOfProcedure(path) : needOfPath(path, request.method ?? '');
    const verdict = this.#gate.check(request, need, triggerReference(path));
    const serve = (decided: Verdict) => {
      if (decided.leave) response.once('close', decided.leave);
      if (isRpc) this.#edge.handle(request, response, path, decided);
      else this.#rest.handle(request, response, { path, query }, decided);
    };
    if (verdict instanceof Promise) void this.#serveLater(verdict, response, serve);
    else serve(verdict);
  }

  /** Serves once the verdict is there. For a caller that left before it nothing is done: its close has been told already. */
  async #serveLater(
    verdict: Promise<Verdict>,
    response: ServerResponse,
    serve: (decided: Verdict) => void,
  ): Promise<void> {
    let isGone = false;
    response.once('close', () => {
      isGone = true;
    });
    const decided = await verdict;
    if (isGone) decided.leave?.();
    else serve(decided);
  }

  #report(failure: RelaisError, route: string): void {
    const { cause, ...fields } = failure.fields;
    const stack = cause instanceof Error ? cause.stack : cause;
    if (failure.code === 'internal') this.#logger.error({ route, ...fields, cause: stack }, failure.message);
    else this.#logger.debug({ route, code: failure.code, ...fields, cause }, failure.message);
  }
}

function callerOfOurs() {
  return { traceparent: newTraceparent(false) };
}
