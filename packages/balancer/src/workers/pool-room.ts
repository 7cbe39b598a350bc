import type { Room } from '../strategies/strategy.js';
import { lanesOf } from './fits.js';
import { LineUp, type Standing } from './line-up.js';
import { placeOf } from './place.js';

/** The workers of a pool, for one decision after the other. */
export class PoolRoom<Worker extends Standing> implements Room<Worker> {
  readonly #workAheadMs: number;
  readonly #inOrder: LineUp<Worker>;
  /** Made when it is first asked for. */
  #ring: LineUp<Worker> | undefined;
  /** As they were counted: those of a worker may be others when it leaves. */
  readonly #lanesOf = new Map<Worker, number>();
  #lanes = 0;
  #roomMs = 0;
  #nowMs = 0;

  constructor(workAheadMs: number) {
    this.#workAheadMs = workAheadMs;
    this.#inOrder = new LineUp(workAheadMs);
  }

  add(worker: Worker): void {
    const lanes = lanesOf(worker);
    this.#lanesOf.set(worker, lanes);
    this.#lanes += lanes;
    this.#inOrder.add(worker);
    this.#ring?.add(worker);
  }

  remove(worker: Worker): void {
    this.#lanes -= this.#lanesOf.get(worker) ?? 0;
    this.#lanesOf.delete(worker);
    this.#inOrder.remove(worker);
    this.#ring?.remove(worker);
  }

  /** Calls that its workers run at once. */
  get lanes(): number {
    return this.#lanes;
  }

  /** What follows is about a job of this estimate, now. */
  forJob(estimateMs: number, nowMs: number): this {
    this.#roomMs = estimateMs;
    this.#nowMs = nowMs;
    return this;
  }

  firstAfter(attachOrder: number): Worker | undefined {
    return this.#inOrder.firstAfter(attachOrder, this.#roomMs, this.#nowMs);
  }

  leastLoaded(): Worker | undefined {
    return this.#inOrder.leastLoaded(this.#roomMs, this.#nowMs);
  }

  atShare(share: number): Worker | undefined {
    return this.#inOrder.atShare(share, this.#roomMs, this.#nowMs);
  }

  onRing(place: number, loadMsMax: number): Worker | undefined {
    this.#ring ??= this.#makeRing();
    return this.#ring.onRing(place, loadMsMax, this.#roomMs, this.#nowMs);
  }

  averageLoadMs(): number {
    return this.#lanes === 0 ? 0 : this.#inOrder.workMs(this.#nowMs) / this.#lanes;
  }

  /** Of the workers that run calls one after the other, and are not kept already, the one that will be free first. */
  soonestFree(nowMs: number): Worker | undefined {
    return this.#inOrder.soonestFree(nowMs);
  }

  #makeRing(): LineUp<Worker> {
    const ring = new LineUp<Worker>(this.#workAheadMs, ({ id }) => placeOf(id));
    for (const worker of this.#inOrder.workers()) ring.add(worker);
    return ring;
  }
}
