import type { Clock } from '@relais/kit';
import { type CpuDebt, debtAfter, noDebt } from '../sandbox/groups/cpu/cpu-debt.js';

/** A process with a debt of processor time. */
export interface Debtor {
  cpuDebt: CpuDebt | undefined;
  readonly gone: Promise<unknown>;
}

/** Processor time that an interpreter takes to start in a sandbox and to load a function, generously. */
const startMs = 250;

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

  /** It has started and loaded its function: what any process needs for that is forgiven. */
  loaded(guest: Debtor, fn: object): void {
    if (!guest.cpuDebt) return;
    const { owedMs, yields } = this.#debtOf(fn);
    const left = Math.max(owedMs, guest.cpuDebt.owedMs - startMs);
    guest.cpuDebt = debtAfter({ owedMs: left, yields }, 0, 0);
  }

  #debtOf(fn: object): CpuDebt {
    const left = this.#left.get(fn);
    return left ? debtAfter(left.debt, 0, this.#clock.nowMs() - left.atMs) : noDebt;
  }
}
