import type { Clock, RelaisError } from '@relais/kit';

const tickMs = 250;
// The side that works has its own timer; the guard acts only when that one failed.
const slackMs = 500;

interface Waiting {
  readonly dueMs: number;
  readonly expire: () => void;
}

/**
 * Sees to it that nothing waits beyond its deadline by more than 1 s, whatever the other side does. One ticker for all
 * calls; a call costs no timer.
 */
export class DeadlineGuard {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #stopTicking: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(): void {
    this.#stopTicking ??= this.#clock.every(tickMs, () => this.#expireDue());
  }

  stop(): void {
    this.#stopTicking?.();
    this.#stopTicking = undefined;
  }

  /** Settles like `work`, or rejects with what `late` makes when the budget is over and `work` has not settled. */
  within<T>(budgetMs: number, work: Promise<T>, late: () => RelaisError): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = { dueMs: this.#clock.nowMs() + budgetMs + slackMs, expire: () => reject(late()) };
      this.#waiting.add(waiting);
      work.then(
        (value) => {
          this.#waiting.delete(waiting);
          resolve(value);
        },
        (error: unknown) => {
          this.#waiting.delete(waiting);
          reject(error);
        },
      );
    });
  }

  #expireDue(): void {
    const nowMs = this.#clock.nowMs();
    for (const waiting of this.#waiting) {
      if (waiting.dueMs > nowMs) continue;
      this.#waiting.delete(waiting);
      waiting.expire();
    }
  }
}
