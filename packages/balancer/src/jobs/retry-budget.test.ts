import { RetryBudget } from './retry-budget.js';

test('what is saved can be spent at once, and from then on a share of what is admitted', () => {
  const budget = new RetryBudget({ retryShare: 0.125, retriesSavedMax: 3 });
  const spent = (tries: number) => Array.from({ length: tries }, () => budget.spend()).filter(Boolean).length;
  for (let count = 0; count < 1000; count++) budget.earn();
  expect(spent(10)).toBe(3);
  for (let count = 0; count < 15; count++) budget.earn();
  expect(spent(10)).toBe(1);
  budget.earn();
  expect(spent(10)).toBe(1);
});
