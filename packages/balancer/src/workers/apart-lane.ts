import type { Seat, Standing } from './line-up.js';

/** What a lane takes from its worker. */
export interface LaneOwner {
  readonly id: string;
  readonly attachOrder: number;
  readonly weight: number;
  readonly slowness: number;
  readonly slots: number;
  readonly jobCount: number;
  readonly silent: boolean;
  readonly stalledFromMs: number;
}

/**
 * The calls that an inline worker runs beside its loop, to strategies a worker of its own. It holds few, so that what is
 * endless leaves the others their share, and takes its slots from those of its worker.
 */
export class ApartLane<Owner extends LaneOwner = LaneOwner> implements Standing {
  readonly worker: Owner;
  readonly inline = false;
  readonly progressMs = 0;
  readonly seats: Seat[] = [];
  outstandingMs = 0;
  jobCount = 0;
  readonly #slotsMax: number;

  constructor(worker: Owner, slotsMax: number) {
    this.worker = worker;
    this.#slotsMax = slotsMax;
  }

  get id(): string {
    return this.worker.id;
  }

  get attachOrder(): number {
    return this.worker.attachOrder;
  }

  get weight(): number {
    return this.worker.weight;
  }

  get slowness(): number {
    return this.worker.slowness;
  }

  get callCount(): number {
    return this.jobCount;
  }

  get kept(): boolean {
    return this.worker.silent;
  }

  /** The loop hands its calls on. */
  get stalledFromMs(): number {
    return this.worker.stalledFromMs;
  }

  get slots(): number {
    return Math.min(this.#slotsMax, this.jobCount + this.worker.slots - this.worker.jobCount);
  }

  hold(estimateMs: number): void {
    this.jobCount++;
    this.outstandingMs += estimateMs;
  }

  release(estimateMs: number): void {
    this.jobCount--;
    this.outstandingMs = this.jobCount === 0 ? 0 : this.outstandingMs - estimateMs;
  }

  /** Its worker has changed. */
  changed(): void {
    for (const seat of this.seats) seat.changed();
  }
}
