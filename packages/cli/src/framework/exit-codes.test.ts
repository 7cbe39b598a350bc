import { RelaisError } from '@relais/sdk';
import { adviceFor } from '../output/advice.js';
import { exitCodeOf, exitCodes } from './exit-codes.js';
import { noSuchFile, wrongUse } from './failures.js';

test.each([
  [wrongUse('x'), 2],
  [noSuchFile('x'), 2],
  [new RelaisError('invalid_argument', 'x', { component: 'gateway' }), 7],
  [new RelaisError('unavailable', 'x', { reason: 'unreachable' }), 3],
  [new RelaisError('unauthenticated', 'x'), 4],
  [new RelaisError('permission_denied', 'x'), 4],
  [new RelaisError('not_found', 'x'), 5],
  [new RelaisError('already_exists', 'x'), 6],
  [new RelaisError('failed_precondition', 'x'), 7],
  [new RelaisError('aborted', 'x'), 8],
  [new RelaisError('deadline_exceeded', 'x'), 9],
  [new RelaisError('resource_exhausted', 'x'), 10],
  [new RelaisError('cancelled', 'x'), 130],
  [new RelaisError('internal', 'x'), 1],
  [new RelaisError('unimplemented', 'x'), 1],
])('%s ends with %i, a code that is documented, and a next step is said', (failure, code) => {
  expect(exitCodeOf(failure)).toBe(code);
  expect(exitCodes.some((entry) => entry.code === code)).toBe(true);
  expect(adviceFor(failure)).not.toBe('');
});
