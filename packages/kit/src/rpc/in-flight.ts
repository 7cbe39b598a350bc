import type { Clock } from '../time/clock.js';

/** Counts what is under way, for components that must finish it before they stop. */
export class InFlight {
  #count = 0;
  #waiting: (() => void) | undefined;

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#waiting?.();
  }

  /** Resolves when nothing is under way or the grace is over. One waiter. */
  async idle(graceMs: number, clock: Clock): Promise<void> {
    if (this.#count === 0 || graceMs <= 0) return;
    await new Promise<void>((resolve) => {
      const cancelTimer = clock.after(graceMs, resolve);
      this.#waiting = () => {
        cancelTimer();
        resolve();
      };
    });
  }
}
