import type {
  AttachRequest,
  AttachResponse,
  DrainWorkerRequest,
  DrainWorkerResponse,
  ExplainScaleRequest,
  ExplainScaleResponse,
  FleetServiceService,
  GetStatusRequest,
  GetStatusResponse,
  Job,
  JobResult,
  ListLanguagesRequest,
  ListLanguagesResponse,
  ListWorkersRequest,
  ListWorkersResponse,
  OutputPart,
  SetStrategyRequest,
  SetStrategyResponse,
  SuperviseRequest,
  SuperviseResponse,
} from '@relais/contracts';
import {
  type CallContext,
  type Clock,
  type Component,
  type Exchange,
  type Flow,
  type Link,
  type Logger,
  MetricRegistry,
  type ServiceOf,
  type SpanCarrier,
  type Tracer,
} from '@relais/kit';
import { BalancerFigures } from './balancer-figures.js';
import { type BalancerBounds, defaultBalancerBounds } from './bounds.js';
import { FleetDesk } from './fleet/fleet-desk.js';
import { explain } from './scaling/explain.js';
import { Scheduler } from './scheduling/scheduler.js';
import { Pickers, pickerOf } from './strategies/catalog.js';
import { Reception } from './workers/reception.js';

export interface BalancerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tracer: Tracer;
  /** Name of a strategy in any case; the constructor throws invalid_argument for an unknown one. */
  readonly strategy: string;
  /** 0 to 1; seeded in tests and simulations. */
  readonly random: () => number;
  /** What is not given is as in defaultBalancerBounds. */
  readonly bounds?: Partial<BalancerBounds>;
  /** Counts here what it does; nobody sees it when absent. */
  readonly metrics?: MetricRegistry;
  /** Gives the spans that go out with results. */
  readonly carrier?: SpanCarrier;
}

const tickMs = 10;

/** Brings jobs to workers. Knows the fleet, never looks into a payload. */
export class Balancer
  implements Exchange<Job, JobResult, OutputPart>, ServiceOf<typeof FleetServiceService>, Component
{
  readonly name = 'balancer';
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #reception: Reception;
  readonly #fleetDesk: FleetDesk;
  #stopTicker: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: BalancerOptions) {
    const bounds = { ...defaultBalancerBounds, ...options.bounds };
    this.#clock = options.clock;
    const figures = new BalancerFigures(options.metrics ?? new MetricRegistry());
    const pickers = new Pickers(pickerOf(options.strategy));
    this.#scheduler = new Scheduler({ ...options, bounds, figures, pickers });
    const { dispatcher, fleet, startable, wireIds } = this.#scheduler;
    this.#reception = new Reception({ ...options, bounds, scheduler: this.#scheduler });
    this.#fleetDesk = new FleetDesk(fleet, startable, dispatcher, wireIds, pickers);
  }

  async start(): Promise<void> {
    this.#stopTicker ??= this.#clock.every(tickMs, () => this.#scheduler.tick());
    this.#scheduler.open();
  }

  /** Refuses new jobs, lets the admitted finish within graceMs, answers the rest unavailable, and ends all links. */
  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  /**
   * One job, one answer. The caller's id comes back in the result; on the worker's stream the job has an id of ours.
   * Resolves for everything, failures included (`outcome.failure`, with component, timings, worker and invocation);
   * rejects only with code cancelled, when `context.signal` fires. The budget is the job's own. With a flow, whose window the
   * job must carry, the worker's parts of the output go there as they come; nothing of them is kept here.
   */
  exchange(job: Job, context: CallContext, flow?: Flow<OutputPart>): Promise<JobResult> {
    return this.#scheduler.exchange(job, context.signal, flow);
  }

  /** A worker's end of its stream. Its first frame must carry hello, or the link is closed. */
  attachWorker(link: Link<AttachResponse, AttachRequest>): void {
    this.#reception.attachWorker(link);
  }

  /** A supervisor's end of its stream. Its first frame must carry hello, or the link is closed. */
  attachSupervisor(link: Link<SuperviseResponse, SuperviseRequest>): void {
    this.#reception.attachSupervisor(link);
  }

  async getStatus(_request: GetStatusRequest, _context: CallContext): Promise<GetStatusResponse> {
    return this.#fleetDesk.status();
  }

  async listWorkers(_request: ListWorkersRequest, _context: CallContext): Promise<ListWorkersResponse> {
    return { workers: this.#fleetDesk.workers(this.#clock.nowMs()) };
  }

  async listLanguages(_request: ListLanguagesRequest, _context: CallContext): Promise<ListLanguagesResponse> {
    return { languages: this.#fleetDesk.languages() };
  }

  /** Rejects with not_found. */
  async drainWorker(request: DrainWorkerRequest, _context: CallContext): Promise<DrainWorkerResponse> {
    return this.#fleetDesk.drain(request.workerId, this.#clock.nowMs());
  }

  /** Rejects with invalid_argument and the list of strategies. */
  async setStrategy(request: SetStrategyRequest, _context: CallContext): Promise<SetStrategyResponse> {
    return this.#fleetDesk.setStrategy(request.strategy);
  }

  /** The last decisions about how many workers and warm instances there are, newest first. */
  async explainScale(request: ExplainScaleRequest, _context: CallContext): Promise<ExplainScaleResponse> {
    return { decisions: explain(this.#scheduler.scaleLog, request) };
  }

  async #stop(graceMs: number): Promise<void> {
    await this.#scheduler.close(graceMs);
    this.#reception.close();
    this.#stopTicker?.();
  }
}
