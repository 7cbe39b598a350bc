import type { Logger } from '@relais/kit';
import type { BalancerFigures } from '../balancer-figures.js';
import type { BalancerBounds } from '../bounds.js';
import type { FunctionState } from '../functions/function-state.js';
import { isStalled } from '../workers/fits.js';
import type { Fleet } from '../workers/fleet.js';
import type { Supervisors } from '../workers/supervisors.js';
import type { WorkerSession } from '../workers/worker-session.js';
import { decideScale } from './decide-scale.js';
import type { ScaleLog } from './scale-log.js';
import { inlineDemand, processDemand, serves } from './worker-demand.js';
import { WorkerGroup } from './worker-group.js';

export interface WorkerScalerOptions {
  readonly bounds: BalancerBounds;
  readonly figures: BalancerFigures;
  readonly logger: Logger;
  readonly fleet: Fleet;
  readonly supervisors: Supervisors;
  readonly log: ScaleLog;
}

/** A group with its workers that take jobs. */
interface Staffed {
  readonly group: WorkerGroup;
  readonly workers: readonly WorkerSession[];
  readonly instances: number;
}

const decideEveryMs = 50;

/**
 * Scales the worker processes of each host, those for WASM and those for native languages apart, through its supervisors:
 * from what these keep in any case to what they may run at most. Those for WASM follow the work there is up to the usual
 * number, and beyond it are added one at a time, when all that could take a waiting call are stalled, so that calls within
 * their time, however long, do not keep everyone else's waiting; the others follow the calls that run and wait.
 */
export class WorkerScaler {
  readonly #options: WorkerScalerOptions;
  readonly #groups = new Map<string, WorkerGroup>();
  #nextMs = 0;

  constructor(options: WorkerScalerOptions) {
    this.#options = options;
  }

  /** A supervisor says that a worker runs which it does not keep by itself. */
  started(workerId: string, host: string, inline: boolean, nowMs: number): void {
    this.#freshen(nowMs);
    this.#groups.get(keyOf(host, inline))?.started(workerId, nowMs);
  }

  exited(workerId: string): void {
    for (const group of this.#groups.values()) group.exited(workerId);
  }

  /** waiting: the functions that have a job waiting and may run it. */
  tick(waiting: readonly FunctionState[], nowMs: number): void {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + decideEveryMs;
    const staffed = this.#staffed(this.#freshen(nowMs), nowMs);
    const waitingFor = this.#share(waiting, staffed);
    const short = this.#shortOf(waitingFor, nowMs);
    for (const each of staffed) this.#decide(each, waitingFor.get(each) ?? [], short.has(each), nowMs);
  }

  #decide(staffed: Staffed, waiting: readonly FunctionState[], callsWait: boolean, nowMs: number): void {
    const { group, instances, workers } = staffed;
    const { kind } = group;
    const stalled = workers.filter((worker) => isStalled(worker, nowMs)).length;
    const demand = {
      now: group.inline
        ? inlineDemand(stalled, kind.usual, instances, workers.length, callsWait)
        : processDemand(workers, waiting, kind),
      busyWorkers: workers.filter(({ callCount }) => callCount > 0).length,
    };
    const policy = group.policy(instances);
    const snapshot = group.snapshot(instances, demand, nowMs);
    const decision = decideScale(snapshot, policy, nowMs);
    group.panicUntilMs = decision.panicUntilMs;
    this.#options.log.record({ kind: 'workers', name: group.name }, snapshot, policy, decision);
    const by = decision.instances - instances;
    if (by > 0) this.#start(group, by, decision.reason, nowMs);
    else if (by < 0) this.#drain(staffed, -by, nowMs);
  }

  #start(group: WorkerGroup, count: number, reason: string, nowMs: number): void {
    const { figures, logger, supervisors } = this.#options;
    for (let ordered = 0; ordered < count; ordered++) {
      group.ordered(nowMs);
      figures.workersOrdered.add();
      supervisors.start(group.kind.host, group.inline, reason);
    }
    logger.info({ group: group.name, count, reason }, 'ordering workers');
  }

  /** Of those that were ordered the last ones first; never one that its supervisor keeps. */
  #drain({ group, workers }: Staffed, count: number, nowMs: number): void {
    const { fleet, logger } = this.#options;
    for (const worker of workers.filter(({ id }) => group.isOrdered(id)).slice(-count)) {
      logger.info({ workerId: worker.id }, 'draining a worker that is no longer needed');
      fleet.drain(worker, nowMs);
    }
  }

  /** The groups whose supervisors are there, with what these can run now. */
  #freshen(nowMs: number): WorkerGroup[] {
    return this.#options.supervisors.kinds().map((kind) => {
      const key = keyOf(kind.host, kind.inline);
      const group = this.#groups.get(key) ?? new WorkerGroup(kind, this.#options.bounds, nowMs);
      group.kind = kind;
      this.#groups.set(key, group);
      return group;
    });
  }

  #staffed(groups: readonly WorkerGroup[], nowMs: number): Staffed[] {
    if (groups.length === 0) return [];
    const ready = new Map<string, WorkerSession[]>(groups.map(({ kind }) => [keyOf(kind.host, kind.inline), []]));
    for (const worker of this.#options.fleet.values()) {
      if (worker.state.kind === 'ready') ready.get(keyOf(worker.host, worker.inline))?.push(worker);
    }
    return groups.map((group) => {
      const workers = ready.get(keyOf(group.kind.host, group.inline)) ?? [];
      return { group, workers, instances: group.instances(workers, nowMs) };
    });
  }

  /** Which groups answer for what waits: those that have workers; one when none has, or when all of those are full. */
  #share(waiting: readonly FunctionState[], staffed: readonly Staffed[]): Map<Staffed, FunctionState[]> {
    const shares = new Map<Staffed, FunctionState[]>(staffed.map((each) => [each, []]));
    for (const fn of waiting) {
      const able = staffed.filter(({ group, workers }) => serves(group.kind, workers, fn));
      const awake = able.filter(({ instances }) => instances > 0);
      const hasRoom = awake.some(({ group, instances }) => instances < group.policy(instances).max);
      const asleep = able.find(({ instances }) => instances === 0);
      for (const each of hasRoom || !asleep ? awake : [...awake, asleep]) shares.get(each)?.push(fn);
    }
    return shares;
  }

  /** Groups of which one more worker is needed: for each kind of call that waits while all its workers are stalled, one. */
  #shortOf(waitingFor: ReadonlyMap<Staffed, readonly FunctionState[]>, nowMs: number): Set<Staffed> {
    const short = new Set<Staffed>();
    const met = new Set<FunctionState>();
    for (const [staffed, waiting] of waitingFor) {
      if (!this.#mayGrow(staffed)) continue;
      for (const fn of waiting) {
        if (met.has(fn) || fn.isBuild) continue;
        if (!fn.pool.workers.every((worker) => isStalled(worker, nowMs))) continue;
        short.add(staffed);
        met.add(fn);
      }
    }
    return short;
  }

  /** None of its workers is on its way already. */
  #mayGrow({ group, instances, workers }: Staffed): boolean {
    return group.inline && instances === workers.length && instances < group.kind.max;
  }
}

function keyOf(host: string, inline: boolean): string {
  return `${inline}:${host}`;
}
