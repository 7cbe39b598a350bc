import { errorCodes } from './codes.js';
import type { RelaisError } from './relais-error.js';

/** A failure as the REST edge answers it. */
export interface RestFailure {
  readonly httpStatus: number;
  /** Whole seconds for the Retry-After header; undefined when there is no advice. */
  readonly retryAfterS: number | undefined;
  readonly body: { readonly ok: false; readonly error: Record<string, unknown> };
}

/** Translates a failure to its REST status and body: code, message, reason, fault, component and what is known. */
export function toRest(error: RelaisError): RestFailure {
  const { fields } = error;
  const tooLarge = error.code === 'resource_exhausted' && fields.reason === 'payload_too_large';
  const body = {
    code: error.code,
    message: error.message,
    reason: fields.reason ?? error.code,
    fault: error.fault,
    component: fields.component ?? 'gateway',
    retryable: error.retryable,
    ...(fields.invocationId ? { invocationId: fields.invocationId } : {}),
    ...(fields.traceId ? { traceId: fields.traceId } : {}),
    ...(fields.retryAfterMs ? { retryAfterMs: Math.ceil(fields.retryAfterMs) } : {}),
    ...(fields.diagnostics ? { diagnostics: fields.diagnostics } : {}),
    ...(fields.exit ? { exit: fields.exit } : {}),
    ...(fields.limit ? { limit: fields.limit } : {}),
    ...(fields.timings ? { timings: fields.timings } : {}),
    ...(fields.workerId ? { workerId: fields.workerId } : {}),
    ...(fields.attempts ? { attempts: fields.attempts } : {}),
    ...(fields.notStarted ? { notStarted: true } : {}),
  };
  return {
    httpStatus: tooLarge ? 413 : errorCodes[error.code].httpStatus,
    retryAfterS: fields.retryAfterMs ? Math.max(1, Math.ceil(fields.retryAfterMs / 1000)) : undefined,
    body: { ok: false, error: body },
  };
}
