import type { BalancerBounds } from '../bounds.js';
import type { HostKind } from '../workers/supervisors.js';
import type { WorkerSession } from '../workers/worker-session.js';
import type { ScalePolicy, ScaleSnapshot } from './decide-scale.js';
import { DemandWindow } from './demand-window.js';
import type { GroupDemand } from './worker-demand.js';

/** Of the slots of a worker of processes so many may be taken before one more is started. */
const busyShare = 0.75;
/** Load must last this long: a worker takes about as long to start. */
const sustainedMs = 2000;
const stalledPanicMs = 250;

/** The workers of one host that run calls in the same way: one after the other, or in processes. */
export class WorkerGroup {
  readonly name: string;
  /** What its supervisors can run now. */
  kind: HostKind;
  panicUntilMs = 0;
  readonly #bounds: BalancerBounds;
  readonly #demand: DemandWindow;
  readonly #busy: DemandWindow;
  /** Since when each that was ordered runs or starts, monotonic milliseconds; by worker id. */
  readonly #startedMs = new Map<string, number>();
  /** Until when each order may still be obeyed, monotonic milliseconds. */
  #ordersUntilMs: number[] = [];

  constructor(kind: HostKind, bounds: BalancerBounds, nowMs: number) {
    this.kind = kind;
    this.name = `${kind.host} ${kind.inline ? 'wasm' : 'native'}`;
    this.#bounds = bounds;
    this.#demand = new DemandWindow(Math.max(bounds.workerIdleMs, sustainedMs), nowMs);
    this.#busy = new DemandWindow(sustainedMs, nowMs);
  }

  get inline(): boolean {
    return this.kind.inline;
  }

  ordered(nowMs: number): void {
    this.#ordersUntilMs.push(nowMs + this.#bounds.orderAnswerMs);
  }

  started(workerId: string, nowMs: number): void {
    if (!this.#startedMs.has(workerId)) this.#startedMs.set(workerId, nowMs);
    this.#ordersUntilMs.shift();
  }

  exited(workerId: string): void {
    this.#startedMs.delete(workerId);
  }

  /** Whether it was ordered, and is not one that its supervisor keeps. */
  isOrdered(workerId: string): boolean {
    return this.#startedMs.has(workerId);
  }

  /** Workers that run or start: those that are attached, ordered, or being replaced by their supervisor. */
  instances(attached: readonly WorkerSession[], nowMs: number): number {
    const missing = this.kind.kept - attached.filter(({ id }) => !this.isOrdered(id)).length;
    return attached.length + Math.max(0, missing) + this.#coming(attached, nowMs);
  }

  /** Ordered and not attached yet; those that took too long, or have been drained, are no longer waited for. */
  #coming(attached: readonly WorkerSession[], nowMs: number): number {
    const ids = new Set(attached.map(({ id }) => id));
    for (const id of ids) if (this.isOrdered(id)) this.#startedMs.set(id, Number.NEGATIVE_INFINITY);
    const starting = [...this.#startedMs.values()].filter((sinceMs) => nowMs - sinceMs < this.#bounds.workerReturnMs);
    this.#ordersUntilMs = this.#ordersUntilMs.filter((untilMs) => untilMs > nowMs);
    return starting.length + this.#ordersUntilMs.length;
  }

  /** Its demand, in workers for those that run calls one after the other, else in calls. */
  snapshot(instances: number, { now, busyWorkers }: GroupDemand, nowMs: number): ScaleSnapshot {
    this.#busy.record(busyWorkers, nowMs);
    const worked = this.#busy.average(sustainedMs, nowMs) / busyShare;
    // Work alone never asks for more than is usual: only workers that are stuck in long calls do.
    const demand = this.inline ? Math.max(now, Math.min(this.kind.usual, worked)) : now;
    this.#demand.record(demand, nowMs);
    const { workerIdleMs } = this.#bounds;
    return {
      instances,
      // What is dear to start is kept for the most that was needed, not for the average.
      stableDemand: this.inline ? this.#demand.peak(workerIdleMs, nowMs) : this.#demand.average(workerIdleMs, nowMs),
      // While there is none the first call is enough; afterwards one more worker must be worth its start.
      panicDemand: this.inline || instances === 0 ? demand : this.#demand.lasting(sustainedMs, nowMs),
      idleForMs: this.#demand.idleForMs(nowMs),
      panicUntilMs: this.panicUntilMs,
    };
  }

  policy(instances: number): ScalePolicy {
    const { isSaturated, kept, max, slots, usual } = this.kind;
    const { workerIdleMs } = this.#bounds;
    return {
      min: kept,
      // Where no processor has time left, more processes than usual only take it from one another.
      max: isSaturated && !this.inline ? Math.min(max, Math.max(usual, instances)) : max,
      target: this.inline ? 1 : Math.max(1, Math.floor(slots * busyShare)),
      stableMs: workerIdleMs,
      panicMs: this.inline ? stalledPanicMs : sustainedMs,
      panicFactor: 1,
      upFactorMax: 2,
      downFactorMax: 2,
      idleMs: workerIdleMs,
    };
  }
}
