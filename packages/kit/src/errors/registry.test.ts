import { ErrorDetail } from '@relais/contracts';
import { codeOfGrpcStatus, type ErrorCode, errorCodes, isErrorCode } from './codes.js';
import { type ErrorFields, fromDetail, RelaisError, toDetail } from './relais-error.js';
import { toRest } from './rest.js';

const codes = Object.keys(errorCodes) as ErrorCode[];

/** The public contract of errors, written down a second time so that the registry cannot drift from it unseen. */
const promised: Record<ErrorCode, [httpStatus: number, grpcStatus: number, fault: string, retryable: boolean]> = {
  cancelled: [499, 1, 'caller', false],
  invalid_argument: [400, 3, 'caller', false],
  deadline_exceeded: [504, 4, 'function', false],
  not_found: [404, 5, 'caller', false],
  already_exists: [409, 6, 'caller', false],
  permission_denied: [403, 7, 'caller', false],
  resource_exhausted: [429, 8, 'caller', true],
  failed_precondition: [412, 9, 'caller', false],
  aborted: [502, 10, 'function', false],
  unimplemented: [501, 12, 'caller', false],
  internal: [500, 13, 'platform', false],
  unavailable: [503, 14, 'platform', true],
  unauthenticated: [401, 16, 'caller', false],
};

/** Everything that can be said of a failure, once. */
const everything: Required<Omit<ErrorFields, 'cause'>> = {
  reason: 'memory_limit',
  fault: 'function',
  component: 'worker',
  invocationId: 'i1',
  traceId: 't1',
  retryable: true,
  retryAfterMs: 1500,
  diagnostics: [{ file: 'a.c', line: 1, column: 2, severity: 'error', message: 'no' }],
  exit: { exitCode: 3, signal: 'SIGSEGV', stack: 's', stderrTail: 'e' },
  limit: { name: 'memoryMb', limit: 128, used: 0.5 },
  timings: { queuedUs: 1, coldUs: 2, runUs: 3, fetchUs: 4, compileUs: 5, startUs: 6, initUs: 7 },
  workerId: 'w1',
  attempts: 2,
  notStarted: true,
};

/** A failure as it is on the other side of the wire. */
const acrossWire = (error: RelaisError) => fromDetail(ErrorDetail.decode(ErrorDetail.encode(toDetail(error)).finish()));

test('the registry is what the contract promises, no code more or less', () => {
  const registry = Object.fromEntries(
    Object.entries(errorCodes).map(([code, facts]) => [
      code,
      [facts.httpStatus, facts.grpcStatus, facts.fault, facts.retryable],
    ]),
  );
  expect(registry).toEqual(promised);
});

describe.each(codes)('%s', (code) => {
  test('is found by its gRPC status', () => {
    expect([codeOfGrpcStatus(errorCodes[code].grpcStatus), isErrorCode(code)]).toEqual([code, true]);
  });

  test('crosses the wire with its defaults', () => {
    const error = acrossWire(new RelaisError(code, 'What happened.'));
    expect([error.code, error.message, error.fault, error.retryable]).toEqual([
      code,
      'What happened.',
      errorCodes[code].fault,
      errorCodes[code].retryable,
    ]);
    expect(error.fields).toEqual({ fault: errorCodes[code].fault, retryable: errorCodes[code].retryable });
  });

  test('crosses the wire with everything said of it', () => {
    const error = acrossWire(new RelaisError(code, 'What happened.', everything));
    expect([error.code, error.message, error.fields]).toEqual([code, 'What happened.', everything]);
  });

  test('has a REST body with every field of the contract', () => {
    const { httpStatus, body } = toRest(new RelaisError(code, 'What happened.'));
    expect(httpStatus).toBe(promised[code][0]);
    expect(body).toEqual({
      ok: false,
      error: {
        code,
        message: 'What happened.',
        reason: code,
        fault: promised[code][2],
        component: 'gateway',
        retryable: promised[code][3],
      },
    });
  });
});

test('the REST body tells everything said of a failure', () => {
  const { body, retryAfterS } = toRest(new RelaisError('aborted', 'Too big.', everything));
  expect(body.error).toEqual({ code: 'aborted', message: 'Too big.', ...everything });
  expect(retryAfterS).toBe(2);
});

test('a payload over its limit is 413', () => {
  expect(toRest(new RelaisError('resource_exhausted', '.', { reason: 'payload_too_large' })).httpStatus).toBe(413);
});

test.each([
  [undefined, undefined],
  [0, undefined],
  [1, 1],
  [999.5, 1],
  [1001, 2],
])('retry after %s ms is told as %s s', (retryAfterMs, expected) => {
  const fields = retryAfterMs === undefined ? {} : { retryAfterMs };
  expect(toRest(new RelaisError('unavailable', '.', fields)).retryAfterS).toBe(expected);
});

test.each([
  [Number.POSITIVE_INFINITY, 2 ** 32 - 1],
  [1e12, 2 ** 32 - 1],
  [0.2, 1],
  [-5, undefined],
  [Number.NaN, undefined],
])('an advice of %d ms crosses the wire as %s ms', (retryAfterMs, expected) => {
  expect(acrossWire(new RelaisError('unavailable', '.', { retryAfterMs })).fields.retryAfterMs).toBe(expected);
});

test('a status or code that is not ours is internal', () => {
  expect([0, 2, 11, 15, 17, -1, Number.NaN].map(codeOfGrpcStatus)).toEqual(Array(7).fill('internal'));
  expect(['', 'constructor', '__proto__', 'toString', 'INTERNAL'].map(isErrorCode)).toEqual(Array(5).fill(false));
  expect(fromDetail(ErrorDetail.create({ code: 'from_the_future', message: 'm' })).code).toBe('internal');
});
