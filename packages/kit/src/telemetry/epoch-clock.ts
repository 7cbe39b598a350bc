import type { Clock } from '../time/clock.js';

const edgeReadsMax = 100_000;
/** So many edges are looked at. */
const edgesMs = 3;
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
 * The wall clock has whole milliseconds and is read a moment before the other: each pair shows an offset that is too small
 * by up to one, more if this process was not running in between. The largest of a few milliseconds is that at an edge, so
 * that two processes agree: a call can be shorter than the error this removes. A clock that stands still is read a bounded
 * number of times.
 */
function offsetAtEdge(clock: Clock): number {
  const untilMs = clock.wallMs() + edgesMs;
  let offsetMs = Number.NEGATIVE_INFINITY;
  for (let reads = 0; reads < edgeReadsMax; reads++) {
    const wallMs = clock.wallMs();
    offsetMs = Math.max(offsetMs, wallMs - clock.nowMs());
    if (wallMs >= untilMs) break;
  }
  return offsetMs;
}
