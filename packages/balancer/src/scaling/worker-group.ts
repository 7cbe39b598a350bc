import type { BalancerBounds } from '../bounds.js';
import type { FunctionState } from '../functions/function-state.js';
import type { WorkerSession } from '../workers/worker-session.js';
import type { ScalePolicy, ScaleSnapshot } from './decide-scale.js';
import { DemandWindow } from './demand-window.js';

/** Of the slots of a worker of processes so many may be taken before one more is started. */
const busyShare = 0.75;
/** Load on processes must last this long: a worker takes about as long to start. */
const sustainedMs = 2000;
const stalledPanicMs = 250;

/** The workers of one host that run calls in the same way: one after the other, or in processes. */
export class WorkerGroup {
  readonly host: string;
  readonly inline: boolean;
  readonly name: string;
  panicUntilMs = 0;
  readonly #bounds: BalancerBounds;
  readonly #demand: DemandWindow;
  /** Of the attached those that its host is configured to run. */
  readonly #configured: DemandWindow;
  /** Since when each that was ordered runs or starts, monotonic milliseconds; by worker id. */
  readonly #startedMs = new Map<string, number>();
  /** Until when each order may still be answered, monotonic milliseconds. */
  #ordersUntilMs: number[] = [];

  constructor(host: string, inline: boolean, bounds: BalancerBounds, nowMs: number) {
    this.host = host;
    this.inline = inline;
    this.name = `${host} ${inline ? 'wasm' : 'native'}`;
    this.#bounds = bounds;
    this.#demand = new DemandWindow(bounds.spareIdleMs, nowMs);
    this.#configured = new DemandWindow(bounds.spareIdleMs, nowMs);
  }

  get hasOrders(): boolean {
    return this.#ordersUntilMs.length > 0;
  }

  ordered(nowMs: number): void {
    this.#ordersUntilMs.push(nowMs + this.#bounds.spareStartMs);
  }

  started(workerId: string, nowMs: number): void {
    this.#startedMs.set(workerId, nowMs);
    this.#ordersUntilMs.shift();
  }

  exited(workerId: string): boolean {
    return this.#startedMs.delete(workerId);
  }

  /** Whether it was ordered, and is not one its host is configured to run. */
  isSpare(workerId: string): boolean {
    return this.#startedMs.has(workerId);
  }

  /**
   * Workers that its host is configured to run: the most of late, for one that has ended is being replaced.
   */
  configured(attached: readonly WorkerSession[], nowMs: number): number {
    this.#configured.record(attached.filter(({ id }) => !this.isSpare(id)).length, nowMs);
    return this.#configured.peak(this.#bounds.spareIdleMs, nowMs);
  }

  /** Workers that run or start: those that are attached, ordered, or being replaced. */
  instances(attached: readonly WorkerSession[], nowMs: number): number {
    const missing = this.configured(attached, nowMs) - attached.filter(({ id }) => !this.isSpare(id)).length;
    return attached.length + missing + this.coming(attached, nowMs);
  }

  /** Ordered and not attached yet; those that took too long are no longer waited for. */
  coming(attached: readonly WorkerSession[], nowMs: number): number {
    const { spareStartMs } = this.#bounds;
    const ids = new Set(attached.map(({ id }) => id));
    for (const [id, sinceMs] of this.#startedMs) {
      if (!ids.has(id) && nowMs - sinceMs >= spareStartMs) this.#startedMs.delete(id);
    }
    this.#ordersUntilMs = this.#ordersUntilMs.filter((untilMs) => untilMs > nowMs);
    return [...this.#startedMs.keys()].filter((id) => !ids.has(id)).length + this.#ordersUntilMs.length;
  }

  /** Its demand, in workers for those that run calls one after the other, else in calls. */
  snapshot(instances: number, demand: number, nowMs: number): ScaleSnapshot {
    this.#demand.record(demand, nowMs);
    return {
      instances,
      // What is dear to start is kept for the most that was needed, not for the average.
      stableDemand: this.inline
        ? this.#demand.peak(this.#bounds.spareIdleMs, nowMs)
        : this.#demand.average(this.#bounds.spareIdleMs, nowMs),
      panicDemand: this.inline ? demand : this.#demand.average(sustainedMs, nowMs),
      idleForMs: this.#demand.idleForMs(nowMs),
      panicUntilMs: this.panicUntilMs,
    };
  }

  policy(attached: readonly WorkerSession[], nowMs: number): ScalePolicy {
    const { spareIdleMs, sparesMax } = this.#bounds;
    const configured = this.configured(attached, nowMs);
    const credit = Math.min(...attached.map((worker) => worker.credit));
    return {
      min: configured,
      max: configured + sparesMax,
      target: this.inline ? 1 : Math.max(1, Math.floor(credit * busyShare)),
      stableMs: spareIdleMs,
      panicMs: this.inline ? stalledPanicMs : sustainedMs,
      panicFactor: 1,
      upFactorMax: 2,
      downFactorMax: 2,
      idleMs: spareIdleMs,
    };
  }
}

/**
 * How many workers that run calls one after the other are needed: those that are stalled, and one for the rest. One more
 * than there are only while calls wait that no worker is free for.
 */
export function inlineDemand(
  stalled: number,
  configured: number,
  instances: number,
  attached: number,
  callsWait: boolean,
): number {
  if (callsWait) return attached + 1;
  return Math.min(instances, stalled + (stalled > 0 && stalled >= configured ? 1 : 0));
}

/** Calls that run on these workers or wait for workers like them. */
export function processDemand(attached: readonly WorkerSession[], waiting: readonly FunctionState[]): number {
  const [like] = attached;
  const langs = new Set(like?.languages.filter(({ runs }) => runs).map(({ lang }) => lang));
  const queued = waiting
    .filter(({ isBuild, pool }) => !isBuild && langs.has(pool.lang))
    .reduce((sum, { queue }) => sum + queue.size, 0);
  return queued + attached.reduce((sum, { callCount }) => sum + callCount, 0);
}
