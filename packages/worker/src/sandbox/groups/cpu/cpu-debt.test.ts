import { type CpuDebt, debtAfter, noDebt } from './cpu-debt.js';

const lookMs = 50;

/** Where using so much of every look leads, from a debt on. */
function after(debt: CpuDebt, usedMs: number, looks: number): CpuDebt {
  return Array.from({ length: looks }).reduce<CpuDebt>((before) => debtAfter(before, usedMs, lookMs), debt);
}

test('an endless loop yields within three looks, and does so as long as it runs', () => {
  expect(after(noDebt, lookMs, 2).yields).toBe(false);
  expect(after(noDebt, lookMs, 3).yields).toBe(true);
  expect(after(noDebt, lookMs, 10_000).yields).toBe(true);
});

test('who sleeps mostly never yields', () => {
  expect(after(noDebt, lookMs * 0.2, 10_000)).toEqual(noDebt);
});

test('many short turns count like a long one', () => {
  expect(after(noDebt, lookMs * 0.5, 20).yields).toBe(true);
});

test('a long loop is forgiven within two seconds of sleep, and not at once', () => {
  const looped = after(noDebt, lookMs, 10_000);
  expect(after(looped, 0, 1000 / lookMs).yields).toBe(true);
  expect(after(looped, 0, 2000 / lookMs).yields).toBe(false);
});

test('where many compute at once, a small share is too much already, and a very small one is not', () => {
  const contended = (shareOfOne: number, looks: number) =>
    Array.from({ length: looks }).reduce<CpuDebt>(
      (debt) => debtAfter(debt, lookMs * shareOfOne, lookMs, { contended: true }),
      noDebt,
    );
  expect(contended(0.12, 10).yields).toBe(true);
  expect(after(noDebt, lookMs * 0.12, 10_000)).toEqual(noDebt);
  expect(contended(0.05, 10_000)).toEqual(noDebt);
});

test('what may still be used is used up first, and is no more for having slept', () => {
  const starting: CpuDebt = { owedMs: -100, yields: false };
  expect(after(starting, 0, 100)).toEqual(starting);
  expect(after(starting, lookMs, 4).yields).toBe(false);
  expect(after(starting, lookMs, 6).yields).toBe(true);
});

test('who may save up can take much at once after a while, and no more than that', () => {
  const saved = Array.from({ length: 100 }).reduce<CpuDebt>(
    (before) => debtAfter(before, 0, lookMs, { savedMsMax: 100 }),
    noDebt,
  );
  expect(saved).toEqual({ owedMs: -100, yields: false });
  const terms = { contended: true, savedMsMax: 100 };
  expect(debtAfter(saved, 120, lookMs, terms).yields).toBe(false);
  expect(debtAfter(saved, 140, lookMs, terms).yields).toBe(true);
});
