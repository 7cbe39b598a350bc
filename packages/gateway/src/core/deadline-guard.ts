import type { Clock, RelaisError } from '@relais/kit';

const tickMs = 250;
// The side that works has its own timer; the guard acts only when that one failed.
const slackMs = 500;

/** A call under way, linked to its neighbours: a set would leave garbage behind that outlives the quick collections. */
interface Waiting {
  readonly dueMs: number;
  readonly expire: () => void;
  previous: Waiting | undefined;
  next: Waiting | undefined;
}

/**
 * Sees to it that nothing waits beyond its deadline by more than 1 s, whatever the other side does. One ticker for all
 * calls; a call costs no timer.
 */
export class DeadlineGuard {
  readonly #clock: Clock;
  #first: Waiting | undefined;
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
      const waiting = this.#add(this.#clock.nowMs() + budgetMs + slackMs, () => reject(late()));
      work.then(
        (value) => {
          this.#remove(waiting);
          resolve(value);
        },
        (error: unknown) => {
          this.#remove(waiting);
          reject(error);
        },
      );
    });
  }

  #add(dueMs: number, expire: () => void): Waiting {
    const waiting: Waiting = { dueMs, expire, previous: undefined, next: this.#first };
    if (this.#first) this.#first.previous = waiting;
    this.#first = waiting;
    return waiting;
  }

  /** Does nothing for one that has expired. */
  #remove(waiting: Waiting): void {
    const { next, previous } = waiting;
    if (previous) previous.next = next;
    else if (this.#first === waiting) this.#first = next;
    if (next) next.previous = previous;
    waiting.previous = undefined;
    waiting.next = undefined;
  }

  #expireDue(): void {
    const nowMs = this.#clock.nowMs();
    for (let waiting = this.#first; waiting; ) {
      const { next } = waiting;
      if (waiting.dueMs <= nowMs) {
        this.#remove(waiting);
        waiting.expire();
      }
      waiting = next;
    }
  }
}
