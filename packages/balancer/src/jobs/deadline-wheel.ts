import type { JobEntry } from './job-entry.js';

const bucketMs = 10;
const bucketCount = 1024;

/**
 * When each job is next due, for any number of jobs with one ticker. Adding and removing are O(1); a job is found due at
 * most one bucket and one tick late, never early.
 */
export class DeadlineWheel {
  readonly #buckets: (JobEntry | undefined)[] = new Array(bucketCount).fill(undefined);
  #turn: number;

  constructor(nowMs: number) {
    this.#turn = Math.floor(nowMs / bucketMs);
  }

  /** Sets when a job is due; it must not be in the wheel. */
  add(entry: JobEntry, dueMs: number): void {
    const bucket = Math.max(Math.ceil(dueMs / bucketMs), this.#turn + 1) % bucketCount;
    const first = this.#buckets[bucket];
    entry.dueMs = dueMs;
    entry.wheelBucket = bucket;
    entry.wheelNext = first;
    if (first) first.wheelPrevious = entry;
    this.#buckets[bucket] = entry;
  }

  /** Does nothing for a job that is not in the wheel. */
  remove(entry: JobEntry): void {
    if (entry.wheelBucket < 0) return;
    const { wheelPrevious, wheelNext } = entry;
    if (wheelPrevious) wheelPrevious.wheelNext = wheelNext;
    else this.#buckets[entry.wheelBucket] = wheelNext;
    if (wheelNext) wheelNext.wheelPrevious = wheelPrevious;
    entry.wheelPrevious = undefined;
    entry.wheelNext = undefined;
    entry.wheelBucket = -1;
  }

  /** Takes out what has become due, oldest bucket first. The caller may add and remove jobs while it goes through them. */
  advance(nowMs: number): JobEntry[] {
    const turn = Math.floor(nowMs / bucketMs);
    const due: JobEntry[] = [];
    const from = Math.max(this.#turn + 1, turn - bucketCount + 1);
    for (let at = from; at <= turn; at++) this.#collect(at % bucketCount, nowMs, due);
    this.#turn = Math.max(this.#turn, turn);
    return due;
  }

  #collect(bucket: number, nowMs: number, due: JobEntry[]): void {
    let entry = this.#buckets[bucket];
    while (entry) {
      const { wheelNext } = entry;
      if (entry.dueMs <= nowMs) {
        this.remove(entry);
        due.push(entry);
      }
      entry = wheelNext;
    }
  }
}
