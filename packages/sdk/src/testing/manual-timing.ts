import type { Timing } from '../transport/timing.js';

/** Time that stands still until somebody sleeps; every sleep is noted. Chance is always the middle. */
export class ManualTiming implements Timing {
  readonly slept: number[] = [];
  #nowMs = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  random(): number {
    return 0.5;
  }

  async sleep(ms: number): Promise<void> {
    this.slept.push(ms);
    this.#nowMs += ms;
  }

  /** As if something had taken a while. */
  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
