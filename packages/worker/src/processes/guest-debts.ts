import type { Clock } from '@relais/kit';
import { type CpuDebt, debtAfter, noDebt } from '../sandbox/groups/cpu/cpu-debt.js';

/** A process with a debt of processor time. */
export interface Debtor {
  cpuDebt: CpuDebt | undefined;
  readonly gone: Promise<unknown>;
}

/** Processor time that an interpreter takes to start in a sandbox and to load a function, generously. */
const startMs = 250;
const starting: CpuDebt = { owedMs: -startMs, yields: false };

interface Amount {
  readonly owedMs: number;
  /** Monotonic milliseconds. */
  readonly atMs: number;
}

/**
 * What functions owe of processor time from process to process: one whose processes are killed for computing, or end
 * themselves, does not begin anew with the next. Who owes nothing may start for free, if the process lives as long as
 * that takes to earn.
 */
export class GuestDebts {
  readonly #clock: Clock;
  /** By function, of its last process. */
  readonly #left = new WeakMap<object, Amount>();
  /** By function, one of its processes by which it is judged. */
  readonly #witness = new WeakMap<object, Debtor>();
  /** Those that start for free and have not loaded their function. */
  readonly #starting = new WeakSet<Debtor>();
  /** What their start has cost those that live. */
  readonly #forgiven = new WeakMap<Debtor, Amount>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A process begins to serve a function, and owes what that one's last left behind. */
  take(guest: Debtor, fn: object): void {
    const { owedMs } = now(this.#left.get(fn), this.#clock.nowMs());
    const isLight = this.#witness.get(fn)?.cpuDebt?.isLight ?? false;
    if (!isLight) this.#witness.set(fn, guest);
    if (owedMs <= 0) this.#starting.add(guest);
    guest.cpuDebt = owedMs > 0 ? debtAfter(noDebt, owedMs, 0, { contended: true }) : lightIf(isLight, starting);
    void guest.gone.then(() => {
      if (guest.cpuDebt) this.#left.set(fn, this.#atEndOf(guest, guest.cpuDebt));
    });
  }

  /** It has started and loaded its function. */
  loaded(guest: Debtor): void {
    const debt = guest.cpuDebt;
    if (!this.#starting.delete(guest) || !debt || debt.owedMs >= 0) return;
    this.#forgiven.set(guest, { owedMs: debt.owedMs + startMs, atMs: this.#clock.nowMs() });
    guest.cpuDebt = lightIf(debt.isLight, noDebt);
  }

  #atEndOf(guest: Debtor, { owedMs }: CpuDebt): Amount {
    const atMs = this.#clock.nowMs();
    const isStarting = this.#starting.has(guest) && owedMs < 0;
    const startedMs = isStarting ? owedMs + startMs : now(this.#forgiven.get(guest), atMs).owedMs;
    return { owedMs: debtAfter(noDebt, Math.max(0, owedMs) + startedMs, 0).owedMs, atMs };
  }
}

/** Where others of its function have taken little, one more is expected to. */
function lightIf(isLight: boolean | undefined, debt: CpuDebt): CpuDebt {
  return isLight ? { ...debt, isLight } : debt;
}

/** What is left of an amount after the time that has passed. */
function now(amount: Amount | undefined, nowMs: number): CpuDebt {
  return amount ? debtAfter({ owedMs: amount.owedMs, yields: false }, 0, nowMs - amount.atMs) : noDebt;
}
