import type { JobEntry } from '../jobs/job-entry.js';

const idLimit = 2 ** 32;
const capacityMin = 64;

/**
 * Ids of the jobs that hold a slot anywhere, unique in this balancer. They begin at a random place, so that a worker that
 * outlives the balancer does not take new ids for those it has begun before. Ids follow one another, so a ring holds them;
 * a map that many jobs pass through would leave garbage behind that outlives the quick collections.
 */
export class WireIds {
  #entries: (JobEntry | undefined)[] = new Array(capacityMin).fill(undefined);
  /** The id of the entry at the same place. */
  #ids: number[] = new Array(capacityMin).fill(0);
  #size = 0;
  #next: number;

  constructor(random: () => number) {
    this.#next = Math.floor(random() * idLimit);
  }

  get size(): number {
    return this.#size;
  }

  /** A free id above 0, the next one whose place in the ring is free; wraps. */
  take(entry: JobEntry): number {
    if (this.#size * 2 >= this.#entries.length) this.#grow();
    do {
      this.#next = (this.#next + 1) % idLimit;
    } while (this.#next === 0 || this.#entries[this.#placeOf(this.#next)]);
    this.#put(this.#next, entry);
    this.#size++;
    return this.#next;
  }

  get(id: number): JobEntry | undefined {
    const place = this.#placeOf(id);
    return this.#ids[place] === id ? this.#entries[place] : undefined;
  }

  free(id: number): void {
    if (!this.get(id)) return;
    this.#entries[this.#placeOf(id)] = undefined;
    this.#size--;
  }

  #put(id: number, entry: JobEntry): void {
    const place = this.#placeOf(id);
    this.#entries[place] = entry;
    this.#ids[place] = id;
  }

  /** The capacity is a power of two. */
  #placeOf(id: number): number {
    return (id & (this.#entries.length - 1)) >>> 0;
  }

  /** Two ids that had places of their own have them in a larger ring too. */
  #grow(): void {
    const [entries, ids] = [this.#entries, this.#ids];
    this.#entries = new Array(entries.length * 2).fill(undefined);
    this.#ids = new Array(entries.length * 2).fill(0);
    for (const [place, entry] of entries.entries()) if (entry) this.#put(ids[place] ?? 0, entry);
  }
}
