import type { Clock } from '@relais/kit';
import { type CpuDebt, debtAfter, noDebt } from './cpu-debt.js';

/** What uses processor time and can be made to yield. */
export interface CpuUser {
  /** Used so far, milliseconds; undefined when it is gone. */
  usedMs(): number | undefined;
  yield(yields: boolean): void;
}

interface Account {
  usedMs: number;
  debt: CpuDebt;
}

const lookMs = 50;
/** Less than this of one processor in use on the whole, and nobody is looked at. */
const quietShare = 0.1;

/**
 * Looks now and then at what each has used of the processors, and makes those go last that use much: they get all that is
 * left over, and never delay who sleeps mostly.
 */
export class FairCpu {
  readonly #clock: Clock;
  readonly #usedByAllMs: () => number | undefined;
  readonly #accounts = new Map<CpuUser, Account>();
  #allMs = 0;
  #lookedMs = 0;
  #stop: (() => void) | undefined;

  /** usedByAllMs: processor time of all of them and perhaps of others, which is cheaper to ask for. */
  constructor(clock: Clock, usedByAllMs: () => number | undefined) {
    this.#clock = clock;
    this.#usedByAllMs = usedByAllMs;
  }

  add(user: CpuUser): void {
    this.#accounts.set(user, { usedMs: user.usedMs() ?? 0, debt: noDebt });
    if (this.#stop) return;
    this.#allMs = this.#usedByAllMs() ?? 0;
    this.#lookedMs = this.#clock.nowMs();
    this.#stop = this.#clock.every(lookMs, () => this.#look());
  }

  /** Of one that is there, as of now. */
  debtOf(user: CpuUser): CpuDebt {
    const account = this.#accounts.get(user);
    if (!account) return noDebt;
    settle(user, account, 0);
    return account.debt;
  }

  /** From now on it owes that, whatever it has used. */
  owe(user: CpuUser, debt: CpuDebt): void {
    const account = this.#accounts.get(user);
    if (!account) return;
    account.usedMs = user.usedMs() ?? account.usedMs;
    if (debt.yields !== account.debt.yields) user.yield(debt.yields);
    account.debt = debt;
  }

  remove(user: CpuUser): void {
    this.#accounts.delete(user);
    if (this.#accounts.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  #look(): void {
    const nowMs = this.#clock.nowMs();
    const elapsedMs = nowMs - this.#lookedMs;
    const allMs = this.#usedByAllMs() ?? 0;
    if (elapsedMs <= 0) return;
    const busy = allMs - this.#allMs > elapsedMs * quietShare;
    this.#lookedMs = nowMs;
    this.#allMs = allMs;
    for (const [user, account] of this.#accounts) {
      if (busy || account.debt.owedMs > 0) settle(user, account, elapsedMs);
    }
  }
}

function settle(user: CpuUser, account: Account, elapsedMs: number): void {
  const usedMs = user.usedMs() ?? account.usedMs;
  const debt = debtAfter(account.debt, usedMs - account.usedMs, elapsedMs);
  if (debt.yields !== account.debt.yields) user.yield(debt.yields);
  account.usedMs = usedMs;
  account.debt = debt;
}
