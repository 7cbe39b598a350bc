import type { FleetServiceService, Job, JobResult, OutputPart, StorageServiceService } from '@relais/contracts';
import {
  type Clock,
  type Exchange,
  type Logger,
  MetricRegistry,
  type ServiceOf,
  type SpanCarrier,
  type SpanIntake,
  type Tracer,
  type TraceStore,
} from '@relais/kit';
import { KnownKeys } from '../access/known-keys.js';
import type { GatewayLimits } from '../limits.js';
import type { SecretsKey } from '../secrets/secrets-key.js';
import { AccessLog, type AccessLogMode } from './access-log.js';
import { Backups } from './backups.js';
import { busyShare } from './busy-share.js';
import { CachedFunctions, StoredFunctions } from './cached-functions.js';
import type { CallReport } from './call-report.js';
import { ChangeFeed } from './change-feed.js';
import { Cluster } from './cluster.js';
import { ControlCalls } from './control-calls.js';
import { DeadlineGuard } from './deadline-guard.js';
import { DeployFunction } from './deploy-function.js';
import { EarlyReturns } from './early-returns.js';
import { feedListeners } from './feed-listeners.js';
import { FunctionCatalog } from './function-catalog.js';
import { GatewayFigures } from './gateway-figures.js';
import { InvokeFunction } from './invoke-function.js';
import { JobDispatcher } from './job-dispatcher.js';
import { Keys } from './keys.js';
import { Languages } from './languages-offered.js';
import { LogTail } from './log-tail.js';
import { Readiness } from './readiness.js';
import { ReadinessWatch } from './readiness-watch.js';
import { RunTimes } from './run-times.js';
import { Secrets } from './secrets.js';
import { SentSpans } from './sent-spans.js';
import { StartCosts } from './start-costs.js';
import { StaticPages } from './static-pages.js';
import { TailKeeper } from './tail-keeper.js';
import { Traces } from './traces.js';

export interface CoreOptions {
  readonly storage: ServiceOf<typeof StorageServiceService>;
  readonly dispatch: Exchange<Job, JobResult, OutputPart>;
  readonly fleet: ServiceOf<typeof FleetServiceService>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: GatewayLimits;
  /** Release of the platform. */
  readonly version: string;
  /** Counts here what it does; nobody sees it when absent. */
  readonly metrics?: MetricRegistry | undefined;
  readonly secretsKey: SecretsKey | undefined;
  /** Whether functions may be deployed with network=host. */
  readonly networkHost: boolean;
  readonly tracer: Tracer;
  /** Which calls get a line in the log; all when absent. */
  readonly accessLog?: AccessLogMode | undefined;
  /** Takes the spans that come with results. */
  readonly carrier?: SpanCarrier | undefined;
  /** The traces that are kept; none when absent. */
  readonly traces?: TraceStore | undefined;
  /** Takes the spans that callers send; none are when absent. */
  readonly intake?: SpanIntake | undefined;
}

/** Every use case of the gateway, free of HTTP. Both adapters call these and nothing else. */
export class Core {
  readonly functions: CachedFunctions;
  readonly pages: StaticPages;
  readonly deploy: DeployFunction;
  readonly invoke: InvokeFunction;
  readonly catalog: FunctionCatalog;
  readonly languages: Languages;
  readonly cluster: Cluster;
  readonly readiness: Readiness;
  readonly readinessWatch: ReadinessWatch;
  readonly figures: GatewayFigures;
  readonly knownKeys: KnownKeys;
  readonly keys: Keys;
  readonly secrets: Secrets;
  readonly backups: Backups;
  readonly traces: Traces;
  readonly sentSpans: SentSpans;
  readonly runTimes: RunTimes;
  readonly logTail: LogTail;
  readonly #guard: DeadlineGuard;
  readonly #feed: ChangeFeed;

  constructor(options: CoreOptions) {
    const { clock, dispatch, fleet, limits, logger, secretsKey, storage, version } = options;
    this.#guard = new DeadlineGuard(clock);
    const calls = new ControlCalls(this.#guard, limits.controlTimeoutMs);
    const figures = new GatewayFigures(options.metrics ?? new MetricRegistry(), () => clock.wallMs());
    this.figures = figures;
    const tail = new TailKeeper(options.tracer, limits.slowCallMs);
    this.traces = new Traces(options.traces);
    this.sentSpans = new SentSpans(options.intake);
    const logTail = new LogTail(clock);
    this.logTail = logTail;
    const accessLog = new AccessLog(logger, options.accessLog ?? 'all');
    const jobs = new JobDispatcher({
      dispatch,
      guard: this.#guard,
      clock,
      earlyReturns: new EarlyReturns(clock, busyShare(clock)),
      carrier: options.carrier,
      called: (report) => {
        figures.called(report);
        tail.called(report);
        accessLog.called(report);
        logTail.called(report);
        if (report.span?.recording) report.span.set(faasAttributes(report));
      },
      built: (lang, code) => figures.built(lang, code),
    });
    const stored = new StoredFunctions(storage, calls);
    const functions = new CachedFunctions(stored, limits.resolvedFunctionsMax);
    this.knownKeys = new KnownKeys({ storage, calls, clock });
    this.secrets = new Secrets({ storage, calls, clock, key: secretsKey });
    this.backups = new Backups(storage, calls);
    this.keys = new Keys({ storage, calls, clock, known: this.knownKeys });
    const { buildTimeoutMs, feedBackoffMsMax, feedWaitMs, payloadBytesMax, sourceBytesMax, streamWindowBytes } = limits;
    const feedOptions = { storage, clock, logger, waitMs: feedWaitMs, backoffMsMax: feedBackoffMsMax };
    this.#feed = new ChangeFeed(feedOptions, feedListeners(functions, this.knownKeys, this.secrets));
    this.functions = functions;
    this.runTimes = new RunTimes(limits.resolvedFunctionsMax);
    this.pages = new StaticPages(storage, calls, limits.staticCacheBytesMax);
    this.languages = new Languages(fleet, calls);
    this.deploy = new DeployFunction({
      storage,
      calls,
      stored,
      functions,
      secrets: this.secrets,
      languages: this.languages,
      jobs,
      clock,
      networkHost: options.networkHost,
      sourceBytesMax,
      buildTimeoutMs,
    });
    const costs = new StartCosts(limits.resolvedFunctionsMax);
    this.invoke = new InvokeFunction({
      functions,
      secrets: this.secrets,
      jobs,
      pages: this.pages,
      costs,
      clock,
      payloadBytesMax,
      streamWindowBytes,
    });
    this.catalog = new FunctionCatalog({ storage, calls, stored, functions, costs });
    this.cluster = new Cluster({ fleet, calls, clock, version });
    this.readiness = new Readiness({ storage, fleet, calls });
    this.readinessWatch = new ReadinessWatch(this.readiness, clock);
  }

  start(): void {
    this.#guard.start();
    this.#feed.start();
  }

  stop(): void {
    this.#feed.stop();
    this.#guard.stop();
  }
}

/** What the semantic conventions for functions call an invocation. */
function faasAttributes({ functionId, functionName, invocationId }: CallReport) {
  return {
    'faas.trigger': 'http',
    'faas.name': functionName,
    'faas.version': functionId,
    'faas.invocation.id': invocationId,
  };
}
