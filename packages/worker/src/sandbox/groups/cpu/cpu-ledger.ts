import { type CpuDebt, type CpuRank, debtAfter, noDebt } from './cpu-debt.js';

/** Who has owed nothing for so long takes little. */
const lightAfterMs = 1000;
/** Who owes more than this does not. */
const lightOwedMsMax = 20;
/** What it may save up then: enough for an interpreter to collect its garbage or compile what is called often. */
const lightSavedMsMax = 100;

export interface ChargeTerms {
  /** Who takes little comes before the others in time. */
  readonly anyLight: boolean;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  /** Many compute at once. */
  readonly contended: boolean;
  /** What was used is not what is saved up for. */
  readonly forfeits?: boolean;
}

/** What is owed, and how one stands for it. */
export class CpuLedger {
  #debt: CpuDebt = noDebt;
  #chargedMs: number;
  /** Since when nothing is owed, monotonic milliseconds. */
  #clearSinceMs: number;
  #isLight = false;

  constructor(nowMs: number) {
    this.#chargedMs = nowMs;
    this.#clearSinceMs = nowMs;
  }

  get owes(): boolean {
    return this.#debt.owedMs > 0;
  }

  get rank(): CpuRank {
    if (this.#debt.yields) return 'last';
    return this.#isLight ? 'light' : 'usual';
  }

  /** For what was used since the last time. */
  charge(usedMs: number, { anyLight, contended, forfeits = false, nowMs }: ChargeTerms): void {
    const staysLight = this.#isLight && !forfeits;
    // The lower price is for those that all want more than there is; who takes little pays what it always does.
    const price = { contended: contended && !staysLight, savedMsMax: staysLight ? lightSavedMsMax : 0 };
    const owedMs = staysLight ? this.#debt.owedMs : Math.max(0, this.#debt.owedMs);
    this.#debt = debtAfter({ ...this.#debt, owedMs }, usedMs, nowMs - this.#chargedMs, price);
    this.#chargedMs = nowMs;
    if (this.#debt.owedMs > lightOwedMsMax) this.#clearSinceMs = nowMs;
    this.#isLight = anyLight && !this.#debt.yields && nowMs - this.#clearSinceMs >= lightAfterMs;
  }
}
