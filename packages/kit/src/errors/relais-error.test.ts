import { runInNewContext } from 'node:vm';
import { ErrorDetail } from '@relais/contracts';
import { RelaisError, toDetail } from './relais-error.js';
import { toRest } from './rest.js';

describe('the funnel', () => {
  const secret = 'postgres://admin:hunter2@db';

  test.each([
    ['an error', new Error(secret)],
    ['an error with a cause', new Error('outer', { cause: new Error(secret) })],
    ['an aggregate', new AggregateError([new Error(secret)], secret)],
    ['text', secret],
    ['an object that looks like ours', { name: 'RelaisError', code: 'not_found', message: secret, fields: {} }],
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['a function', () => secret],
  ])('%s becomes internal, its cause kept and its text told to nobody', (_title, thrown) => {
    const error = RelaisError.from(thrown);
    expect([error.code, error.fault, error.retryable]).toEqual(['internal', 'platform', false]);
    expect(error.fields.cause).toBe(thrown);
    const told = [JSON.stringify(toRest(error)), JSON.stringify(toDetail(error)), error.message].join();
    expect(told).not.toContain('hunter2');
  });

  test('one of ours passes as it is, and its cause is told to nobody', () => {
    const error = new RelaisError('not_found', 'There is none.', { cause: new Error(secret) });
    expect(RelaisError.from(error)).toBe(error);
    expect(JSON.stringify([toRest(error), toDetail(error)])).not.toContain('hunter2');
  });
});

test('it is recognised by its brand, from another realm too', () => {
  const brand = Symbol.for('relais.error');
  const foreign = runInNewContext('({ [Symbol.for("relais.error")]: true, code: "aborted" })', {});
  expect([RelaisError.is(foreign), RelaisError.is({ [brand]: true })]).toEqual([true, true]);
  expect([new Error('x'), null, undefined, 'relais.error', {}].map(RelaisError.is)).toEqual(Array(5).fill(false));
});

test('more can be said of it, and what was said stands', () => {
  const cause = new Error('root');
  const error = new RelaisError('aborted', 'It failed.', { reason: 'function_failed', cause });
  const more = error.with({ reason: 'other', workerId: 'w1', component: 'balancer' });
  expect([more.code, more.message, more.fields]).toEqual([
    'aborted',
    'It failed.',
    { reason: 'function_failed', workerId: 'w1', component: 'balancer', cause },
  ]);
  expect(error.fields).toEqual({ reason: 'function_failed', cause });
});

test('a failure of which nothing new is said stays the same one', () => {
  const error = new RelaisError('aborted', 'It failed.', { reason: 'function_failed' });
  expect(error.with({ reason: 'other' })).toBe(error);
  expect(error.with({ workerId: 'w1' }).fields).toEqual({ reason: 'function_failed', workerId: 'w1' });
});

test('fault and retryable of one failure win over those of its code', () => {
  const error = new RelaisError('unavailable', '.', { fault: 'caller', retryable: false });
  expect([error.fault, error.retryable]).toEqual(['caller', false]);
});

test.each([-1, 1.5, 2 ** 32, 99_999_999_999, Number.NaN])('a place %d of a diagnostic travels as unknown', (place) => {
  const diagnostics = [{ file: 'f.py', line: place, column: place, severity: 'error', message: 'wrong' }];
  const detail = toDetail(new RelaisError('invalid_argument', 'wrong', { diagnostics }));
  const arrived = ErrorDetail.decode(ErrorDetail.encode(detail).finish());
  expect(arrived.diagnostics).toMatchObject([{ line: 0, column: 0, message: 'wrong' }]);
});
