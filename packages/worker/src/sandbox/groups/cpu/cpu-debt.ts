/** How one stands among others: before them for it takes little, as usual, or only where nobody else wants to. */
export type CpuRank = 'light' | 'usual' | 'last';

/** What a group owes of processor time, and whether it goes last for it. */
export interface CpuDebt {
  /** Below 0 is what it may still use before it begins to owe. */
  readonly owedMs: number;
  readonly yields: boolean;
}

export const noDebt: CpuDebt = { owedMs: 0, yields: false };

interface Price {
  /** Share of one processor that costs nothing: who sleeps mostly owes nothing. */
  readonly freeShare: number;
  /** Owing more than this, a group goes last. */
  readonly yieldAboveMs: number;
}

/** While there is enough for all. */
const usualPrice: Price = { freeShare: 0.25, yieldAboveMs: 100 };
/** While many compute at once: each gets too little of a processor to owe much by the usual price. */
const contendedPrice: Price = { freeShare: 0.05, yieldAboveMs: 30 };
/** Owing less than this again, it no longer goes last. */
const doneBelowMs = 20;
/** It never owes more, so that it is forgiven within two seconds. */
const owedMsMax = 400;

export interface DebtTerms {
  /** Many compute at once. */
  readonly contended?: boolean;
  /** What it may save up, milliseconds: who takes little on the whole now and then takes more at once. */
  readonly savedMsMax?: number;
}

/**
 * The debt of a group that has used usedMs of processor time within elapsedMs: a leaky bucket, so that neither many short
 * turns nor one long one come to more than their share before the group yields.
 */
export function debtAfter(
  debt: CpuDebt,
  usedMs: number,
  elapsedMs: number,
  { contended = false, savedMsMax = 0 }: DebtTerms = {},
): CpuDebt {
  // Who yields gets what is left: only who does without even that sleeps it off quickly.
  const isGreedy = debt.yields && usedMs > elapsedMs * contendedPrice.freeShare;
  const { freeShare, yieldAboveMs } = contended || isGreedy ? contendedPrice : usualPrice;
  const atLeastMs = Math.min(0 - savedMsMax, debt.owedMs);
  const owedMs = Math.min(owedMsMax, Math.max(atLeastMs, debt.owedMs + usedMs - elapsedMs * freeShare));
  return { owedMs, yields: owedMs > (debt.yields ? doneBelowMs : yieldAboveMs) };
}
