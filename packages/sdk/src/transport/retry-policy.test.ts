import { type ErrorFacts, RelaisError } from '../errors/relais-error.js';
import { RetryBudget, retryDefaults, retryDelayMs } from './retry-policy.js';

const facts = { attempts: 1, repeatable: false, remainingMs: 10_000 };
const refused = (more: ErrorFacts = {}) => new RelaisError('unavailable', '.', { retryable: true, ...more });

describe('a call is sent again', () => {
  test.each([
    ['what the platform calls retryable', refused(), facts, 50],
    ['no sooner than the platform asks', refused({ retryAfterMs: 300 }), facts, 350],
    ['later each time', refused(), { ...facts, attempts: 2 }, 100],
    ['what may have run, when that does no harm', refused({ retryable: false }), { ...facts, repeatable: true }, 50],
  ])('%s', (_what, failure, given, expected) => {
    expect(retryDelayMs(failure, given, retryDefaults, 0.5)).toBe(expected);
  });

  test('no later than the longest wait', () => {
    const options = { ...retryDefaults, attemptsMax: 10 };
    expect(retryDelayMs(refused(), { ...facts, attempts: 9 }, options, 0.999)).toBeLessThan(retryDefaults.delayMsMax);
  });
});

describe('a call is not sent again', () => {
  test.each([
    ['what may have run', refused({ retryable: false }), facts],
    ['after the last attempt', refused(), { ...facts, attempts: 3 }],
    ['when the wait would end after the deadline', refused({ retryAfterMs: 20_000 }), facts],
    ['what the caller must change', new RelaisError('invalid_argument', '.'), { ...facts, repeatable: true }],
    ['what the function failed at', new RelaisError('aborted', '.'), { ...facts, repeatable: true }],
  ])('%s', (_what, failure, given) => {
    expect(retryDelayMs(failure, given, retryDefaults, 0)).toBeUndefined();
  });
});

test('over many calls at most the ratio is sent again', () => {
  const budget = new RetryBudget(0.1);
  let spent = 0;
  for (let call = 0; call < 1000; call++) {
    budget.earn();
    if (budget.spend()) spent++;
  }
  expect(spent).toBeGreaterThanOrEqual(100);
  expect(spent).toBeLessThanOrEqual(111);
});
