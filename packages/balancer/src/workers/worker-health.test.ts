import { WorkerHealth } from './worker-health.js';

const bounds = { ejectAfterErrors: 5, slowFactor: 3 };
const usual = 1;

test('calls that take a hundred times as long now and then are no fault of the worker', () => {
  const health = new WorkerHealth();
  for (let call = 0; call < 400; call++) health.answered(call % 20 === 7 ? 10_000 : 100, 100);
  expect(health.fault(usual, bounds)).toBeUndefined();
});

test('calls that all take four times as long are', () => {
  const health = new WorkerHealth();
  for (let call = 0; call < 40; call++) health.answered(400, 100);
  expect(health.slowness).toBeCloseTo(3.86, 1);
  expect(health.fault(usual, bounds)).toBe('takes 3.9 times as long as the others');
});

test('where it cannot be told how slow others are nothing is', () => {
  const health = new WorkerHealth();
  for (let call = 0; call < 40; call++) health.answered(400, 100);
  expect(health.fault(undefined, bounds)).toBeUndefined();
});
