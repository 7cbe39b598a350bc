import { availableParallelism } from 'node:os';
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
/** More than this of all processors in use by those that do not yield: several want them, and each gets less than it wants. */
const contendedShare = 0.15;

/**
 * Looks now and then at what each has used of the processors, and makes those go last that use much: they get all that is
 * left over, and never delay who sleeps mostly.
 */
export class FairCpu {
  readonly #clock: Clock;
  readonly #usedByAllMs: () => number | undefined;
  readonly #accounts = new Map<CpuUser, Account>();
  readonly #processors: number;
  #contended = false;
  #allMs = 0;
  #lookedMs = 0;
  #stop: (() => void) | undefined;

  /** usedByAllMs: processor time of all of them and perhaps of others, which is cheaper to ask for. */
  constructor(clock: Clock, usedByAllMs: () => number | undefined, processors = availableParallelism()) {
    this.#clock = clock;
    this.#processors = processors;
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
    settle(user, account, 0, this.#contended);
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
    let inUseMs = 0;
    for (const [user, account] of this.#accounts) {
      if (!busy && account.debt.owedMs <= 0) continue;
      const usedMs = settle(user, account, elapsedMs, this.#contended);
      if (!account.debt.yields) inUseMs += usedMs;
    }
    this.#contended = inUseMs > elapsedMs * this.#processors * contendedShare;
  }
}

/** What it has used since it was last looked at, milliseconds. */
function settle(user: CpuUser, account: Account, elapsedMs: number, contended: boolean): number {
  const usedMs = (user.usedMs() ?? account.usedMs) - account.usedMs;
  const debt = debtAfter(account.debt, usedMs, elapsedMs, contended);
  if (debt.yields !== account.debt.yields) user.yield(debt.yields);
  account.usedMs += usedMs;
  account.debt = debt;
  return usedMs;
}
