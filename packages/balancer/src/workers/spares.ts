import type { Logger } from '@relais/kit';
import type { BalancerFigures } from '../balancer-figures.js';
import type { BalancerBounds } from '../bounds.js';
import type { FunctionState } from '../functions/function-state.js';
import type { Fleet } from './fleet.js';
import type { Supervisors } from './supervisors.js';
import type { WorkerSession } from './worker-session.js';

const retireEveryMs = 1000;

/** The spares of one host. */
interface HostSpares {
  /** Since when each runs or starts, monotonic milliseconds; by worker id. */
  readonly startedMs: Map<string, number>;
  /** An order has gone out and may be answered until then, monotonic milliseconds. */
  orderedUntilMs: number;
  /** When its configured workers would not have done. */
  neededMs: number;
}

export interface SparesOptions {
  readonly bounds: BalancerBounds;
  readonly figures: BalancerFigures;
  readonly logger: Logger;
  readonly fleet: Fleet;
  readonly supervisors: Supervisors;
}

/**
 * Sees to it that calls within their time, however long, do not keep everyone else's waiting: when all workers that run
 * a language inline are stalled while calls wait for it, one host is told to start a spare; one at a time, at most sparesMax
 * on a host. Spares are drained when they have not been needed for spareIdleMs.
 */
export class Spares {
  readonly #options: SparesOptions;
  readonly #hosts = new Map<string, HostSpares>();
  #nextRetireMs = 0;

  constructor(options: SparesOptions) {
    this.#options = options;
  }

  /** A supervisor says that it has started one. */
  started(workerId: string, host: string, nowMs: number): void {
    const spares = this.#of(host, nowMs);
    spares.startedMs.set(workerId, nowMs);
    spares.orderedUntilMs = 0;
    spares.neededMs = nowMs;
  }

  exited(workerId: string): void {
    for (const { startedMs } of this.#hosts.values()) startedMs.delete(workerId);
  }

  /** waiting: the functions that have a call waiting and may run it. */
  tick(waiting: readonly FunctionState[], nowMs: number): void {
    const stalledPools = new Set(waiting.filter(({ isBuild }) => !isBuild).map(({ pool }) => pool));
    for (const { workers } of stalledPools) {
      if (workers.length > 0 && workers.every((worker) => this.#stalled(worker, nowMs))) this.#order(workers, nowMs);
    }
    if (this.#hosts.size === 0 || nowMs < this.#nextRetireMs) return;
    this.#nextRetireMs = nowMs + retireEveryMs;
    for (const [host, spares] of this.#hosts) this.#retire(host, spares, nowMs);
  }

  #order(workers: readonly WorkerSession[], nowMs: number): void {
    const { bounds, figures, logger, supervisors } = this.#options;
    const like = workers.find(({ host }) => this.#mayStart(this.#of(host, nowMs), nowMs));
    if (!like) return;
    this.#of(like.host, nowMs).orderedUntilMs = nowMs + bounds.spareStartMs;
    logger.info({ host: like.host, like: like.id }, 'ordering a spare worker: calls wait and all workers are stalled');
    figures.sparesOrdered.add();
    supervisors.startSpare(like, 'calls wait and all workers are stalled');
  }

  /** One at a time: the next only when the last has attached and is stalled too. */
  #mayStart({ startedMs, orderedUntilMs }: HostSpares, nowMs: number): boolean {
    const { bounds, fleet } = this.#options;
    if (startedMs.size >= bounds.sparesMax || nowMs < orderedUntilMs) return false;
    return [...startedMs].every(([id, sinceMs]) => fleet.get(id) || nowMs - sinceMs >= bounds.spareStartMs);
  }

  #retire(host: string, spares: HostSpares, nowMs: number): void {
    const { bounds, fleet, logger } = this.#options;
    const { startedMs } = spares;
    for (const [id, sinceMs] of startedMs) {
      if (!fleet.get(id) && nowMs - sinceMs >= bounds.spareStartMs) startedMs.delete(id);
    }
    const inline = [...fleet.values()].filter((worker) => worker.host === host && worker.inline);
    const stalledCount = inline.filter((worker) => this.#stalled(worker, nowMs)).length;
    const configuredCount = inline.filter(({ id }) => !startedMs.has(id)).length;
    if (stalledCount > 0 && stalledCount >= configuredCount) spares.neededMs = nowMs;
    if (nowMs - spares.neededMs < bounds.spareIdleMs) return;
    for (const id of startedMs.keys()) {
      const worker = fleet.get(id);
      if (worker?.state.kind !== 'ready') continue;
      logger.info({ workerId: id }, 'draining a spare worker that is no longer needed');
      fleet.drain(worker, nowMs);
    }
    if (startedMs.size === 0) this.#hosts.delete(host);
  }

  #stalled({ callCount, inline, progressMs }: WorkerSession, nowMs: number): boolean {
    return inline && callCount > 0 && nowMs - progressMs > this.#options.bounds.stalledMs;
  }

  #of(host: string, nowMs: number): HostSpares {
    let spares = this.#hosts.get(host);
    if (!spares) {
      spares = { startedMs: new Map(), orderedUntilMs: 0, neededMs: nowMs };
      this.#hosts.set(host, spares);
    }
    return spares;
  }
}
