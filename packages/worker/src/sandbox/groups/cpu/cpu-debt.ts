/** What a group owes of processor time, and whether it goes last for it. */
export interface CpuDebt {
  readonly owedMs: number;
  readonly yields: boolean;
}

export const noDebt: CpuDebt = { owedMs: 0, yields: false };

/** Share of one processor that costs nothing: who sleeps mostly owes nothing. */
const freeShare = 0.25;
/** Owing more than this, a group goes last; an interpreter that starts stays below. */
const yieldAboveMs = 100;
/** Owing less than this again, it no longer does. */
const doneBelowMs = 20;
/** It never owes more, so that it is forgiven within two seconds. */
const owedMsMax = 400;

/**
 * The debt of a group that has used usedMs of processor time within elapsedMs: a leaky bucket, so that neither many short
 * turns nor one long one come to more than their share before the group yields.
 */
export function debtAfter(debt: CpuDebt, usedMs: number, elapsedMs: number): CpuDebt {
  const owedMs = Math.min(owedMsMax, Math.max(0, debt.owedMs + usedMs - elapsedMs * freeShare));
  return { owedMs, yields: owedMs > (debt.yields ? doneBelowMs : yieldAboveMs) };
}
