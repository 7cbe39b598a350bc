import type { JobEntry } from './job-entry.js';

/** A list through the jobs' own links: every operation is O(1). A job is in at most one list. */
export class JobList {
  #head: JobEntry | undefined;
  #tail: JobEntry | undefined;
  #size = 0;

  get head(): JobEntry | undefined {
    return this.#head;
  }

  get tail(): JobEntry | undefined {
    return this.#tail;
  }

  get size(): number {
    return this.#size;
  }

  pushBack(entry: JobEntry): void {
    entry.previous = this.#tail;
    if (this.#tail) this.#tail.next = entry;
    else this.#head = entry;
    this.#tail = entry;
    this.#size++;
  }

  pushFront(entry: JobEntry): void {
    entry.next = this.#head;
    if (this.#head) this.#head.previous = entry;
    else this.#tail = entry;
    this.#head = entry;
    this.#size++;
  }

  /** The entry must be in this list. */
  remove(entry: JobEntry): void {
    const { previous, next } = entry;
    if (previous) previous.next = next;
    else this.#head = next;
    if (next) next.previous = previous;
    else this.#tail = previous;
    entry.previous = undefined;
    entry.next = undefined;
    this.#size--;
  }
}
