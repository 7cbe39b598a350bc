import { Code } from '@connectrpc/connect';

/** Every code a failure can have. */
export type ErrorCode =
  | 'invalid_argument'
  | 'unauthenticated'
  | 'permission_denied'
  | 'not_found'
  | 'already_exists'
  | 'failed_precondition'
  | 'resource_exhausted'
  | 'deadline_exceeded'
  | 'aborted'
  | 'cancelled'
  | 'unimplemented'
  | 'unavailable'
  | 'internal';

/** Whose fault a failure is. */
export type Fault = 'caller' | 'function' | 'platform';

const codes: Partial<Record<Code, ErrorCode>> = {
  [Code.Canceled]: 'cancelled',
  [Code.InvalidArgument]: 'invalid_argument',
  [Code.DeadlineExceeded]: 'deadline_exceeded',
  [Code.NotFound]: 'not_found',
  [Code.AlreadyExists]: 'already_exists',
  [Code.PermissionDenied]: 'permission_denied',
  [Code.ResourceExhausted]: 'resource_exhausted',
  [Code.FailedPrecondition]: 'failed_precondition',
  [Code.Aborted]: 'aborted',
  [Code.Unimplemented]: 'unimplemented',
  [Code.Unavailable]: 'unavailable',
  [Code.Unauthenticated]: 'unauthenticated',
};

const known = new Set<string>([...Object.values(codes), 'internal']);

/** The code of a Connect status; "internal" for one the platform never sends. */
export function codeOfStatus(status: Code): ErrorCode {
  return codes[status] ?? 'internal';
}

/** Whether a text is a code. */
export function isErrorCode(text: string): text is ErrorCode {
  return known.has(text);
}

const callersFault = new Set<ErrorCode>([
  'invalid_argument',
  'unauthenticated',
  'permission_denied',
  'not_found',
  'already_exists',
  'failed_precondition',
  'resource_exhausted',
  'cancelled',
  'unimplemented',
]);

/** Whose fault a code is when the failure does not say. */
export function faultOfCode(code: ErrorCode): Fault {
  if (callersFault.has(code)) return 'caller';
  return code === 'aborted' || code === 'deadline_exceeded' ? 'function' : 'platform';
}
