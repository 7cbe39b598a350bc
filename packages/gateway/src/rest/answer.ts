import type { OutgoingHttpHeaders } from 'node:http';
import { type RelaisError, toRest, traceIdOf } from '@relais/kit';
import type { StreamedBody } from './stream-opening.js';

/** What a REST handler answers, before it is written. */
export interface RestAnswer {
  readonly status: number;
  /** Absent: no content-type header of ours. */
  readonly contentType?: string;
  readonly body: string | Buffer;
  /** What follows in place of a body in one piece; it must be written, or cancelled. */
  readonly stream?: StreamedBody;
  /** Header names in lower case. */
  readonly headers?: OutgoingHttpHeaders;
  readonly invocationId?: string;
  /** For the span. */
  readonly functionName?: string;
  /** What the span ends with, on a failure. */
  readonly failure?: RelaisError;
}

/** Content type of every JSON answer. */
export const jsonType = 'application/json';

// Statuses that HTTP has a closer word for than the code's own.
const statusOfReason: Readonly<Record<string, number>> = { method_not_allowed: 405 };

/** A JSON answer; the fields follow `"ok":true`. */
export function ok(fields: object, status = 200): RestAnswer {
  return { status, contentType: jsonType, body: JSON.stringify({ ok: true, ...fields }) };
}

/** The answer to a failure: the one error shape, Retry-After where there is advice. */
export function failed(error: RelaisError, traceparent: string, more: OutgoingHttpHeaders = {}): RestAnswer {
  const failure = error.with({ traceId: traceIdOf(traceparent) });
  const { body, httpStatus, retryAfterS } = toRest(failure);
  const headers = retryAfterS === undefined ? more : { ...more, 'retry-after': String(retryAfterS) };
  const status = statusOfReason[failure.fields.reason ?? ''] ?? httpStatus;
  const answer = { status, contentType: jsonType, body: JSON.stringify(body), headers, failure };
  const { invocationId } = failure.fields;
  return invocationId ? { ...answer, invocationId } : answer;
}
