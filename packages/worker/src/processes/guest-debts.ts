import type { Clock } from '@relais/kit';
import { type CpuDebt, debtAfter, noDebt } from '../sandbox/groups/cpu/cpu-debt.js';

/** A process with a debt of processor time. */
export interface Debtor {
  cpuDebt: CpuDebt | undefined;
  readonly gone: Promise<unknown>;
}

interface Left {
  readonly debt: CpuDebt;
  /** Monotonic milliseconds. */
  readonly atMs: number;
}

/**
 * What functions owe of processor time from process to process: one whose processes are killed for computing, or end
 * themselves, does not begin anew with the next.
 */
export class GuestDebts {
  readonly #clock: Clock;
  readonly #left = new WeakMap<object, Left>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A process begins to serve a function, and owes what that one's last left behind. */
  take(guest: Debtor, fn: object): void {
    guest.cpuDebt = this.#debtOf(fn);
    void guest.gone.then(() => {
      if (guest.cpuDebt) this.#left.set(fn, { debt: guest.cpuDebt, atMs: this.#clock.nowMs() });
    });
  }

  #debtOf(fn: object): CpuDebt {
    const left = this.#left.get(fn);
    return left ? debtAfter(left.debt, 0, this.#clock.nowMs() - left.atMs) : noDebt;
  }
}
