import type { Logger } from '@relais/kit';
import type { BalancerFigures } from '../balancer-figures.js';
import type { BalancerBounds } from '../bounds.js';
import type { FunctionState } from '../functions/function-state.js';
import type { Fleet } from '../workers/fleet.js';
import type { Supervisors } from '../workers/supervisors.js';
import type { WorkerSession } from '../workers/worker-session.js';
import { decideScale } from './decide-scale.js';
import type { ScaleLog } from './scale-log.js';
import { inlineDemand, processDemand, WorkerGroup } from './worker-group.js';

export interface WorkerScalerOptions {
  readonly bounds: BalancerBounds;
  readonly figures: BalancerFigures;
  readonly logger: Logger;
  readonly fleet: Fleet;
  readonly supervisors: Supervisors;
  readonly log: ScaleLog;
}

const decideEveryMs = 50;

/**
 * Scales the worker processes of each host, those for WASM and those for native languages apart, through its supervisor:
 * beside what a host is configured to run at most sparesMax. Those for WASM are added one at a time, when all that could
 * take a waiting call are stalled, so that calls within their time, however long, do not keep everyone else's waiting;
 * the others by how many calls run and wait.
 */
export class WorkerScaler {
  readonly #options: WorkerScalerOptions;
  readonly #groups = new Map<string, WorkerGroup>();
  #nextMs = 0;

  constructor(options: WorkerScalerOptions) {
    this.#options = options;
  }

  /** A supervisor says that it has started one that was ordered; of which kind shows when it attaches. */
  started(workerId: string, host: string, nowMs: number): void {
    const groups = [...this.#groups.values()].filter((group) => group.host === host);
    const group = groups.find(({ hasOrders }) => hasOrders) ?? this.#group(host, true, nowMs);
    group.started(workerId, nowMs);
  }

  exited(workerId: string): void {
    for (const group of this.#groups.values()) group.exited(workerId);
  }

  /** waiting: the functions that have a job waiting and may run it. */
  tick(waiting: readonly FunctionState[], nowMs: number): void {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + decideEveryMs;
    const attached = this.#attached(nowMs);
    const short = this.#shortOf(waiting, attached, nowMs);
    for (const [group, workers] of attached) this.#decide(group, workers, waiting, short.has(group), nowMs);
  }

  #decide(
    group: WorkerGroup,
    workers: readonly WorkerSession[],
    waiting: readonly FunctionState[],
    callsWait: boolean,
    nowMs: number,
  ): void {
    const policy = group.policy(workers, nowMs);
    const instances = group.instances(workers, nowMs);
    const stalled = workers.filter((worker) => this.#stalled(worker, nowMs)).length;
    const demand = group.inline
      ? inlineDemand(stalled, policy.min, instances, workers.length, callsWait)
      : processDemand(workers, waiting);
    const snapshot = group.snapshot(instances, demand, nowMs);
    const decision = decideScale(snapshot, policy, nowMs);
    group.panicUntilMs = decision.panicUntilMs;
    this.#options.log.record({ kind: 'workers', name: group.name }, snapshot, policy, decision);
    if (decision.instances > instances)
      this.#start(group, workers, decision.instances - instances, decision.reason, nowMs);
    else if (decision.instances < instances) this.#drain(group, workers, instances - decision.instances, nowMs);
  }

  #start(group: WorkerGroup, workers: readonly WorkerSession[], count: number, reason: string, nowMs: number): void {
    const [like] = workers;
    if (!like) return;
    const { figures, logger, supervisors } = this.#options;
    for (let ordered = 0; ordered < count; ordered++) {
      group.ordered(nowMs);
      figures.sparesOrdered.add();
      supervisors.startSpare(like, reason);
    }
    logger.info({ group: group.name, like: like.id, count, reason }, 'ordering workers');
  }

  /** Of those that were ordered the last ones first; never one its host is configured to run. */
  #drain(group: WorkerGroup, workers: readonly WorkerSession[], count: number, nowMs: number): void {
    const { fleet, logger } = this.#options;
    for (const worker of workers.filter(({ id }) => group.isSpare(id)).slice(-count)) {
      logger.info({ workerId: worker.id }, 'draining a worker that is no longer needed');
      fleet.drain(worker, nowMs);
    }
  }

  #attached(nowMs: number): Map<WorkerGroup, WorkerSession[]> {
    const attached = new Map<WorkerGroup, WorkerSession[]>();
    for (const worker of this.#options.fleet.values()) {
      if (worker.state.kind !== 'ready') continue;
      const group = this.#groupOf(worker, nowMs);
      const workers = attached.get(group);
      if (workers) workers.push(worker);
      else attached.set(group, [worker]);
    }
    return attached;
  }

  /** Groups of which one more worker is needed: for each kind of call that waits while all its workers are stalled, one. */
  #shortOf(
    waiting: readonly FunctionState[],
    attached: ReadonlyMap<WorkerGroup, WorkerSession[]>,
    nowMs: number,
  ): Set<WorkerGroup> {
    const pools = new Set(waiting.filter(({ isBuild }) => !isBuild).map(({ pool }) => pool));
    const short = new Set<WorkerGroup>();
    for (const { workers } of pools) {
      if (workers.length === 0 || !workers.every((worker) => this.#stalled(worker, nowMs))) continue;
      const groups = workers.map(({ host, inline }) => this.#group(host, inline, nowMs));
      const able = groups.find((group) => this.#mayGrow(group, attached.get(group) ?? [], nowMs));
      if (able) short.add(able);
    }
    return short;
  }

  #mayGrow(group: WorkerGroup, workers: readonly WorkerSession[], nowMs: number): boolean {
    return (
      workers.length > 0 &&
      group.instances(workers, nowMs) === workers.length &&
      workers.length < group.policy(workers, nowMs).max
    );
  }

  #stalled({ callCount, inline, progressMs }: WorkerSession, nowMs: number): boolean {
    return inline && callCount > 0 && nowMs - progressMs > this.#options.bounds.stalledMs;
  }

  /** Moves it there when it was taken for one of the other kind. */
  #groupOf({ host, id, inline }: WorkerSession, nowMs: number): WorkerGroup {
    const group = this.#group(host, inline, nowMs);
    const other = this.#groups.get(`${!inline}:${host}`);
    if (other?.exited(id)) group.started(id, nowMs);
    return group;
  }

  #group(host: string, inline: boolean, nowMs: number): WorkerGroup {
    const key = `${inline}:${host}`;
    let group = this.#groups.get(key);
    if (!group) {
      group = new WorkerGroup(host, inline, this.#options.bounds, nowMs);
      this.#groups.set(key, group);
    }
    return group;
  }
}
