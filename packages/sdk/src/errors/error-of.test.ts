import { runInNewContext } from 'node:vm';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { error as contract } from '@relais/contracts/edge';
import { errorOf } from './error-of.js';
import { RelaisError } from './relais-error.js';

const desc = contract.ErrorDetailSchema;

test('everything the platform tells is there, as plain data', () => {
  const value = create(desc, {
    code: 'aborted',
    message: 'It failed.',
    reason: 'function_failed',
    fault: contract.Fault.FUNCTION,
    component: 'worker',
    invocationId: 'i',
    traceId: 't',
    retryAfterMs: 7,
    diagnostics: [{ file: 'a.c', line: 1, column: 2, severity: 'error', message: 'm' }],
    exit: { exitCode: 3, signal: '', stack: 's', stderrTail: 'e' },
    limit: { name: 'memoryMb', limit: 128, used: 200 },
    timings: { runUs: 5 },
    workerId: 'w',
  });
  const failure = errorOf(new ConnectError('It failed.', Code.Aborted, undefined, [{ desc, value }]));
  const { cause: _, ...told } = JSON.parse(JSON.stringify({ ...failure, message: failure.message, cause: 0 }));
  expect(told).toEqual({
    name: 'RelaisError',
    code: 'aborted',
    message: 'It failed.',
    reason: 'function_failed',
    fault: 'function',
    retryable: false,
    retryAfterMs: 7,
    component: 'worker',
    invocationId: 'i',
    traceId: 't',
    diagnostics: [{ file: 'a.c', line: 1, column: 2, severity: 'error', message: 'm' }],
    exit: { exitCode: 3, signal: '', stack: 's', stderrTail: 'e' },
    limit: { name: 'memoryMb', limit: 128, used: 200 },
    timings: { queuedUs: 0, coldUs: 0, runUs: 5, fetchUs: 0, compileUs: 0, startUs: 0, initUs: 0 },
    workerId: 'w',
  });
});

const networkError = (code: string, syscall = 'read') =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code, syscall }) });

test.each([
  ['nobody listens', networkError('ECONNREFUSED'), 'unavailable', 'unreachable', true],
  ['there is no such host', networkError('ENOTFOUND'), 'unavailable', 'unreachable', true],
  ['the port closed meanwhile', networkError('ECONNRESET', 'connect'), 'unavailable', 'unreachable', true],
  ['the connection broke', networkError('ECONNRESET'), 'unavailable', 'connection_lost', false],
  ['a browser says no more', new TypeError('Failed to fetch'), 'unavailable', 'connection_lost', false],
  ['time is up here', new ConnectError('t', Code.DeadlineExceeded), 'deadline_exceeded', 'client_deadline', false],
  [
    'the caller gave up',
    Object.assign(new Error('a'), { name: 'AbortError' }),
    'cancelled',
    'aborted_by_caller',
    false,
  ],
  [
    'something else answered',
    new ConnectError('HTTP 404', Code.Unimplemented),
    'unimplemented',
    'foreign_answer',
    false,
  ],
  ['a status nobody sends', new ConnectError('?', Code.DataLoss), 'internal', 'foreign_answer', false],
])('%s', (_what, thrown, code, reason, retryable) => {
  expect(errorOf(thrown)).toMatchObject({ code, reason, retryable, component: 'client' });
});

test('it is recognised across copies of the package and realms', () => {
  const foreign = runInNewContext('({ [Symbol.for("relais.sdk.error")]: true })', {});
  expect([RelaisError.is(foreign), RelaisError.is(new RelaisError('internal', '.'))]).toEqual([true, true]);
  expect([new Error('x'), null, undefined, 'x', {}].map(RelaisError.is)).toEqual(Array(5).fill(false));
});
