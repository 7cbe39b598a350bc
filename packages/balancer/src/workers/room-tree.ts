/** One place of the tree. Nobody sits there: as in emptyLeaf. */
export interface Leaf {
  /** The longest call there is room for, milliseconds. */
  readonly roomMs: number;
  /** Work outstanding for each call that can run at once, milliseconds; infinite without credit. */
  readonly loadMs: number;
  /** Share of what is given by weight; 0 without room. */
  readonly weight: number;
  /** Work outstanding, milliseconds. */
  readonly workMs: number;
  /** Time until its calls are done, as it was when it was set, milliseconds; infinite for one that cannot be kept free. */
  readonly freeInMs: number;
}

export const emptyLeaf: Leaf = {
  roomMs: Number.NEGATIVE_INFINITY,
  loadMs: Number.POSITIVE_INFINITY,
  weight: 0,
  workMs: 0,
  freeInMs: Number.POSITIVE_INFINITY,
};

/**
 * A segment tree over numbered places: each node knows the most room, the least load and the sums of what is below it. A
 * change and a question cost O(log places).
 */
export class RoomTree {
  /** Places; a power of two. */
  readonly capacity: number;
  readonly #roomMs: Float64Array;
  readonly #loadMs: Float64Array;
  readonly #weight: Float64Array;
  readonly #workMs: Float64Array;
  readonly #freeInMs: Float64Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    const column = (value: number) => new Float64Array(2 * capacity).fill(value);
    this.#roomMs = column(emptyLeaf.roomMs);
    this.#loadMs = column(emptyLeaf.loadMs);
    this.#weight = column(emptyLeaf.weight);
    this.#workMs = column(emptyLeaf.workMs);
    this.#freeInMs = column(emptyLeaf.freeInMs);
  }

  /** Work outstanding in all. */
  get workMs(): number {
    return this.#workMs[1] ?? 0;
  }

  /** As it was set. */
  freeInMs(place: number): number {
    return at(this.#freeInMs, this.capacity + place);
  }

  set(place: number, leaf: Leaf): void {
    let node = this.capacity + place;
    this.#roomMs[node] = leaf.roomMs;
    this.#loadMs[node] = leaf.loadMs;
    this.#weight[node] = leaf.weight;
    this.#workMs[node] = leaf.workMs;
    this.#freeInMs[node] = leaf.freeInMs;
    for (node >>= 1; node > 0; node >>= 1) this.#sumUp(node);
  }

  /** The first place at or after one with this much room and no more than this load; -1 if there is none. */
  firstFrom(place: number, roomMs: number, loadMsMax: number): number {
    if (place >= this.capacity) return -1;
    let node = this.capacity + place;
    while (node > 0) {
      if (at(this.#roomMs, node) >= roomMs && at(this.#loadMs, node) <= loadMsMax) {
        if (node >= this.capacity) return node - this.capacity;
        node *= 2;
      } else {
        // Up until there is something to the right; from the root there is nothing, and it becomes 0.
        while (node & 1) node >>= 1;
        if (node > 0) node++;
      }
    }
    return -1;
  }

  /** The place with the least load among those with this much room, the first of equals; -1 if there is none. */
  leastLoaded(roomMs: number): number {
    const node = this.#least(1, roomMs, -1);
    return node < 0 ? -1 : node - this.capacity;
  }

  /** The place that holds a share, 0 to 1, of the sum of weights; -1 if the sum is 0. */
  atShare(share: number): number {
    if (at(this.#weight, 1) <= 0) return -1;
    let rest = share * at(this.#weight, 1);
    let node = 1;
    while (node < this.capacity) {
      node *= 2;
      const left = at(this.#weight, node);
      if (rest < left || at(this.#weight, node + 1) <= 0) continue;
      rest -= left;
      node++;
    }
    return node - this.capacity;
  }

  /** The place that will be free first, the first of equals; -1 if there is none. */
  soonestFree(): number {
    if (at(this.#freeInMs, 1) === Number.POSITIVE_INFINITY) return -1;
    let node = 1;
    while (node < this.capacity) {
      node *= 2;
      if (at(this.#freeInMs, node + 1) < at(this.#freeInMs, node)) node++;
    }
    return node - this.capacity;
  }

  /**
   * The leaf below node that is better than the best so far. Where room and load agree, as they do among workers of one
   * kind, it goes down one path.
   */
  #least(node: number, roomMs: number, best: number): number {
    const bestLoadMs = best < 0 ? Number.POSITIVE_INFINITY : at(this.#loadMs, best);
    if (at(this.#roomMs, node) < roomMs || at(this.#loadMs, node) >= bestLoadMs) return best;
    if (node >= this.capacity) return node;
    const left = 2 * node;
    const nearer = at(this.#loadMs, left) <= at(this.#loadMs, left + 1) ? left : left + 1;
    return this.#least(nearer ^ 1, roomMs, this.#least(nearer, roomMs, best));
  }

  #sumUp(node: number): void {
    const left = 2 * node;
    const right = left + 1;
    this.#roomMs[node] = Math.max(at(this.#roomMs, left), at(this.#roomMs, right));
    this.#loadMs[node] = Math.min(at(this.#loadMs, left), at(this.#loadMs, right));
    this.#weight[node] = at(this.#weight, left) + at(this.#weight, right);
    this.#workMs[node] = at(this.#workMs, left) + at(this.#workMs, right);
    this.#freeInMs[node] = Math.min(at(this.#freeInMs, left), at(this.#freeInMs, right));
  }
}

function at(column: Float64Array, node: number): number {
  return column[node] ?? Number.NaN;
}
