/**
 * The registry of error codes. Source of truth for HTTP status, gRPC status and default fault; docs are checked
 * against it.
 */
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
export type FaultParty = 'caller' | 'function' | 'platform';

export interface CodeFacts {
  /** HTTP status of the REST body. */
  readonly httpStatus: number;
  /** Numeric gRPC and Connect status. */
  readonly grpcStatus: number;
  readonly fault: FaultParty;
  /** Whether the same request may succeed later without change. */
  readonly retryable: boolean;
}

export const errorCodes: Readonly<Record<ErrorCode, CodeFacts>> = {
  cancelled: { httpStatus: 499, grpcStatus: 1, fault: 'caller', retryable: false },
  invalid_argument: { httpStatus: 400, grpcStatus: 3, fault: 'caller', retryable: false },
  deadline_exceeded: { httpStatus: 504, grpcStatus: 4, fault: 'function', retryable: false },
  not_found: { httpStatus: 404, grpcStatus: 5, fault: 'caller', retryable: false },
  already_exists: { httpStatus: 409, grpcStatus: 6, fault: 'caller', retryable: false },
  permission_denied: { httpStatus: 403, grpcStatus: 7, fault: 'caller', retryable: false },
  resource_exhausted: { httpStatus: 429, grpcStatus: 8, fault: 'caller', retryable: true },
  failed_precondition: { httpStatus: 412, grpcStatus: 9, fault: 'caller', retryable: false },
  aborted: { httpStatus: 502, grpcStatus: 10, fault: 'function', retryable: false },
  unimplemented: { httpStatus: 501, grpcStatus: 12, fault: 'caller', retryable: false },
  internal: { httpStatus: 500, grpcStatus: 13, fault: 'platform', retryable: false },
  unavailable: { httpStatus: 503, grpcStatus: 14, fault: 'platform', retryable: true },
  unauthenticated: { httpStatus: 401, grpcStatus: 16, fault: 'caller', retryable: false },
};

const byGrpcStatus = new Map<number, ErrorCode>(
  Object.entries(errorCodes).map(([code, facts]) => [facts.grpcStatus, code as ErrorCode]),
);

/** The code of a numeric gRPC status; "internal" for one we never send. */
export function codeOfGrpcStatus(status: number): ErrorCode {
  return byGrpcStatus.get(status) ?? 'internal';
}

/** Whether a string is a code of the registry. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text);
}
