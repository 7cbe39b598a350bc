import type { JobEntry } from '../jobs/job-entry.js';

const idLimit = 2 ** 32;

/**
 * Ids of the jobs that hold a slot anywhere, unique in this balancer. They begin at a random place, so that a worker that
 * outlives the balancer does not take new ids for those it has begun before.
 */
export class WireIds {
  readonly #entries = new Map<number, JobEntry>();
  #next: number;

  constructor(random: () => number) {
    this.#next = Math.floor(random() * idLimit);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The next free id above 0; wraps, passing by those still in use. */
  take(entry: JobEntry): number {
    do {
      this.#next = (this.#next + 1) % idLimit;
    } while (this.#next === 0 || this.#entries.has(this.#next));
    this.#entries.set(this.#next, entry);
    return this.#next;
  }

  get(id: number): JobEntry | undefined {
    return this.#entries.get(id);
  }

  free(id: number): void {
    this.#entries.delete(id);
  }
}
