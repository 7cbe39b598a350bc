import type {
  FleetServiceService,
  GetStatusResponse,
  ScaleDecision,
  SetStrategyResponse,
  Worker,
} from '@relais/contracts';
import type { Clock, ServiceOf } from '@relais/kit';
import type { Caller } from './caller.js';
import type { ControlCalls } from './control-calls.js';
import { invalid } from './failures.js';

/** All decisions that the balancer keeps, and how many are told when nobody says how many. */
const decisionsKept = 1000;
const decisionsUsual = 50;

export interface ClusterStatus extends GetStatusResponse {
  /** Release of the platform. */
  readonly version: string;
  /** Since the gateway started, seconds. */
  readonly uptimeS: number;
}

export interface ClusterOptions {
  readonly fleet: ServiceOf<typeof FleetServiceService>;
  readonly calls: ControlCalls;
  readonly clock: Clock;
  readonly version: string;
}

/** Sees and steers the fleet. Errors of all: unavailable. */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #startedMs: number;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#startedMs = options.clock.nowMs();
  }

  async status(caller: Caller): Promise<ClusterStatus> {
    const { calls, clock, fleet, version } = this.#options;
    const status = await calls.run('balancer', caller, (c) => fleet.getStatus({}, c));
    return { ...status, version, uptimeS: Math.round(clock.nowMs() - this.#startedMs) / 1000 };
  }

  async workers(caller: Caller): Promise<Worker[]> {
    const { calls, fleet } = this.#options;
    return (await calls.run('balancer', caller, (c) => fleet.listWorkers({}, c))).workers;
  }

  /** Errors: not_found, invalid_argument. */
  async drainWorker(workerId: string, caller: Caller): Promise<void> {
    const { calls, fleet } = this.#options;
    if (workerId === '') throw invalid('missing_worker', 'Say which worker: workerId as ListWorkers names it.');
    await calls.run('balancer', caller, (c) => fleet.drainWorker({ workerId }, c));
  }

  /** Errors: invalid_argument with the list of strategies. */
  async setStrategy(strategy: string, caller: Caller): Promise<SetStrategyResponse> {
    const { calls, fleet } = this.#options;
    const request = { strategy: strategy.toLowerCase() };
    return await calls.run('balancer', caller, (c) => fleet.setStrategy(request, c));
  }

  /** The last decisions about scale, newest first, without functions the caller may not use; of one subject when it is not empty. */
  async explainScale(subject: string, limit: number, caller: Caller): Promise<ScaleDecision[]> {
    const { calls, fleet } = this.#options;
    const { functions } = caller;
    // Those of other functions must not use up the caller's limit.
    const asked = functions ? decisionsKept : limit;
    const { decisions } = await calls.run('balancer', caller, (c) => fleet.explainScale({ subject, limit: asked }, c));
    if (!functions) return decisions;
    return decisions
      .filter((each) => each.kind !== 'function' || functions.has(each.subject))
      .slice(0, limit || decisionsUsual);
  }
}
