import type { Clock, RelaisError } from '@relais/kit';
import { buildQueueFull, buildTooSlow, closedForBuilds } from './build-failures.js';

const lengthMax = 16;

interface Waiter {
  readonly enter: () => void;
  readonly refuse: (error: RelaisError) => void;
}

/** Lets one build of a language run at a time; at most 16 wait. */
export class BuildQueue {
  readonly #clock: Clock;
  readonly #waiting: Waiter[] = [];
  /** True from before a build starts until nobody waits: a turn is handed over without a gap. */
  #busy = false;
  #running: Promise<unknown> | undefined;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Runs a build when its turn comes, with what is left of its budget. Rejects with what the build rejects with,
   * deadline_exceeded when its turn does not come in time, resource_exhausted reason queue_full, or unavailable once
   * closed.
   */
  async run<T>(budgetMs: number, build: (leftMs: number) => Promise<T>): Promise<T> {
    const endMs = this.#clock.nowMs() + budgetMs;
    if (this.#closed) throw closedForBuilds();
    if (this.#busy) await this.#turn(budgetMs);
    this.#busy = true;
    try {
      const running = build(Math.max(1, endMs - this.#clock.nowMs()));
      this.#running = running;
      return await running;
    } finally {
      this.#passOn();
    }
  }

  /** Refuses what waits and resolves when the running build has ended. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { refuse } of this.#waiting.splice(0)) refuse(closedForBuilds());
    await this.#running?.catch(() => {});
  }

  #passOn(): void {
    const next = this.#waiting.shift();
    if (next) next.enter();
    else this.#busy = false;
  }

  #turn(budgetMs: number): Promise<void> {
    if (this.#waiting.length >= lengthMax) throw buildQueueFull(lengthMax);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        enter: () => {
          forget();
          resolve();
        },
        refuse: (error) => {
          forget();
          reject(error);
        },
      };
      const forget = this.#clock.after(budgetMs, () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(buildTooSlow(budgetMs));
      });
      this.#waiting.push(waiter);
    });
  }
}
