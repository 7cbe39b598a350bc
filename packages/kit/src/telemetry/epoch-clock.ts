import type { Clock } from '../time/clock.js';

const edgeReadsMax = 100_000;
const jumpMs = 1_000;

/**
 * Turns monotonic milliseconds into milliseconds since the epoch, with one offset for all spans of a process, so that
 * parent and child never disagree by the coarse steps of the wall clock.
 */
export class EpochClock {
  readonly #clock: Clock;
  #offsetMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetMs = offsetAtEdge(clock);
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  toEpochMs(monotonicMs: number): number {
    return this.#offsetMs + monotonicMs;
  }

  /** Follows a wall clock that was set, or a machine that slept; for the beginning of a span. */
  follow(): void {
    const driftMs = this.#clock.wallMs() - this.toEpochMs(this.#clock.nowMs());
    if (Math.abs(driftMs) > jumpMs) this.#offsetMs += driftMs;
  }
}

/**
 * The wall clock has whole milliseconds: read at the edge of one it is exact, so that two processes agree. A call can be
 * shorter than the error this removes. A clock that stands still is read a bounded number of times.
 */
function offsetAtEdge(clock: Clock): number {
  const firstMs = clock.wallMs();
  let wallMs = firstMs;
  for (let reads = 0; wallMs === firstMs && reads < edgeReadsMax; reads++) wallMs = clock.wallMs();
  return wallMs - clock.nowMs();
}
