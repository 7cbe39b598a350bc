import type { Candidate } from '../strategies/strategy.js';
import { freeInMsOf, lanesOf, noRoom, roomMsOf, type WorkerLoad } from './fits.js';
import { emptyLeaf, RoomTree } from './room-tree.js';

/** A worker that stands in line-ups. */
export interface Standing extends Candidate, WorkerLoad {
  /** Declared; above 0. */
  readonly weight: number;
  /** Its run times of late over what was expected; 1 is as expected. */
  readonly slowness: number;
  /** Kept free for one function: it has no room for others. */
  readonly kept: boolean;
  /** Told of every change of the above. */
  readonly seats: Seat[];
}

/** One worker's place in one line-up. */
export interface Seat {
  /** Its worker has changed. */
  changed(): void;
}

class LineUpSeat<Worker extends Standing> implements Seat {
  readonly worker: Worker;
  place = -1;
  stale = false;
  readonly #stale: LineUpSeat<Worker>[];

  constructor(worker: Worker, stale: LineUpSeat<Worker>[]) {
    this.worker = worker;
    this.#stale = stale;
  }

  changed(): void {
    if (this.stale) return;
    this.stale = true;
    this.#stale.push(this);
  }
}

const capacityMin = 8;

/**
 * Workers in one order, with an index over what they have room for. A change of a worker is only noted, and worked into the
 * index at the next question: a worker stands in a line-up for everything it can do, and most are not asked. Questions cost
 * O(log workers) for each change since the last.
 */
export class LineUp<Worker extends Standing> {
  readonly #workAheadMs: number;
  readonly #placeOf: ((worker: Worker) => number) | undefined;
  readonly #stale: LineUpSeat<Worker>[] = [];
  readonly #seatOf = new Map<Worker, LineUpSeat<Worker>>();
  /** By place. */
  #seats: (LineUpSeat<Worker> | undefined)[] = [];
  /** By place: the attach order of who sits there, or sat. */
  #orders: number[] = [];
  #tree = new RoomTree(capacityMin);
  #nextPlace = 0;

  /** placeOf: 0 to 1, for a line-up on a ring; without it workers stand in attach order. */
  constructor(workAheadMs: number, placeOf?: (worker: Worker) => number) {
    this.#workAheadMs = workAheadMs;
    this.#placeOf = placeOf;
  }

  add(worker: Worker): void {
    const full = (this.#seatOf.size + 1) * 2 > this.#tree.capacity;
    const seat = new LineUpSeat(worker, this.#stale);
    worker.seats.push(seat);
    this.#seatOf.set(worker, seat);
    if (full || this.#nextPlace === this.#tree.capacity || !this.#seat(seat)) this.#rebuild(seat);
  }

  workers(): Worker[] {
    return this.#seats.flatMap((seat) => seat?.worker ?? []);
  }

  /** Does nothing for one that does not stand here. */
  remove(worker: Worker): void {
    const seat = this.#seatOf.get(worker);
    if (!seat) return;
    this.#seatOf.delete(worker);
    worker.seats.splice(worker.seats.indexOf(seat), 1);
    if (seat.stale) this.#stale.splice(this.#stale.indexOf(seat), 1);
    this.#seats[seat.place] = undefined;
    this.#tree.set(seat.place, emptyLeaf);
    seat.place = -1;
  }

  firstAfter(attachOrder: number, roomMs: number, nowMs: number): Worker | undefined {
    const from = attachOrder < 0 ? 0 : this.#placeAfter(attachOrder);
    return this.#find(roomMs, nowMs, () => this.#tree.firstFrom(from, roomMs, Number.POSITIVE_INFINITY));
  }

  leastLoaded(roomMs: number, nowMs: number): Worker | undefined {
    return this.#find(roomMs, nowMs, () => this.#tree.leastLoaded(roomMs));
  }

  /** Who holds the share may have room only for shorter calls; then the next one that has. */
  atShare(share: number, roomMs: number, nowMs: number): Worker | undefined {
    return this.#find(roomMs, nowMs, () => {
      const place = this.#tree.atShare(share);
      return place < 0 ? place : this.#firstAround(place, roomMs, Number.POSITIVE_INFINITY);
    });
  }

  onRing(place: number, loadMsMax: number, roomMs: number, nowMs: number): Worker | undefined {
    return this.#find(roomMs, nowMs, () =>
      this.#firstAround(Math.floor(place * this.#tree.capacity), roomMs, loadMsMax),
    );
  }

  /**
   * Of those that run calls one after the other and are not kept, with or without credit. The time until then grows while
   * nothing happens; what the index promises is looked at again, and corrected where it was too soon.
   */
  soonestFree(nowMs: number): Worker | undefined {
    this.#freshen(nowMs);
    for (let place = this.#tree.soonestFree(); place >= 0; place = this.#tree.soonestFree()) {
      const seat = this.#seats[place];
      if (!seat || freeInMsOf(seat.worker, nowMs) <= this.#tree.freeInMs(place)) return seat?.worker;
      this.#index(seat, nowMs);
    }
    return undefined;
  }

  workMs(nowMs: number): number {
    this.#freshen(nowMs);
    return this.#tree.workMs;
  }

  /** Room shrinks with time; what the index promises is looked at again, and corrected where it was too much. */
  #find(roomMs: number, nowMs: number, ask: () => number): Worker | undefined {
    this.#freshen(nowMs);
    for (let place = ask(); place >= 0; place = ask()) {
      const seat = this.#seats[place];
      if (seat && roomMsOf(seat.worker, nowMs, this.#workAheadMs) >= roomMs) return seat.worker;
      if (seat) this.#index(seat, nowMs);
    }
    return undefined;
  }

  #firstAround(place: number, roomMs: number, loadMsMax: number): number {
    const found = this.#tree.firstFrom(place, roomMs, loadMsMax);
    return found >= 0 ? found : this.#tree.firstFrom(0, roomMs, loadMsMax);
  }

  #freshen(nowMs: number): void {
    for (let seat = this.#stale.pop(); seat; seat = this.#stale.pop()) {
      seat.stale = false;
      this.#index(seat, nowMs);
    }
  }

  #index({ worker, place }: LineUpSeat<Worker>, nowMs: number): void {
    const roomMs = worker.kept ? noRoom : roomMsOf(worker, nowMs, this.#workAheadMs);
    const hasCredit = roomMs > noRoom;
    const free = roomMs > 0 ? worker.slots - worker.jobCount : 0;
    this.#tree.set(place, {
      roomMs,
      loadMs: hasCredit ? worker.outstandingMs / lanesOf(worker) : Number.POSITIVE_INFINITY,
      weight: (worker.weight * free) / worker.slowness,
      workMs: worker.outstandingMs,
      freeInMs: worker.kept ? Number.POSITIVE_INFINITY : freeInMsOf(worker, nowMs),
    });
  }

  /** First place whose worker attached after a given one; places are in attach order, gaps included. */
  #placeAfter(attachOrder: number): number {
    let low = 0;
    let high = this.#nextPlace;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#orders[middle] ?? 0) > attachOrder) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** False when there is no place for it among its neighbours. */
  #seat(seat: LineUpSeat<Worker>): boolean {
    const place = this.#placeOf ? this.#placeOnRing(this.#placeOf(seat.worker)) : this.#placeInOrder(seat.worker);
    if (place < 0) return false;
    seat.place = place;
    this.#seats[place] = seat;
    this.#orders[place] = seat.worker.attachOrder;
    seat.changed();
    return true;
  }

  /** The first free one from where it belongs. */
  #placeOnRing(belongs: number): number {
    const { capacity } = this.#tree;
    let place = Math.floor(belongs * capacity);
    while (this.#seats[place]) place = (place + 1) % capacity;
    return place;
  }

  /** At the end, or where it sat before. */
  #placeInOrder({ attachOrder }: Worker): number {
    const place = this.#placeAfter(attachOrder - 1);
    if (place === this.#nextPlace) return this.#nextPlace++;
    return this.#orders[place] === attachOrder ? place : -1;
  }

  /** With one more. Closes the gaps and makes room for as many again, so that its cost is spread over that many additions. */
  #rebuild(added: LineUpSeat<Worker>): void {
    const seated = [...this.#seats, added].filter((seat) => seat !== undefined);
    seated.sort((a, b) => a.worker.attachOrder - b.worker.attachOrder);
    let capacity = capacityMin;
    while (capacity < 4 * seated.length) capacity *= 2;
    this.#tree = new RoomTree(capacity);
    this.#seats = new Array(capacity).fill(undefined);
    this.#orders = [];
    this.#nextPlace = 0;
    for (const seat of seated) this.#seat(seat);
  }
}
