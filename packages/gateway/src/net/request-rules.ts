import type { IncomingMessage } from 'node:http';
import { type ErrorCode, RelaisError } from '@relais/kit';

/** Why a request of HTTP is not one we serve: the status line's rest, and the error of a trace. */
export interface Refusal {
  readonly status: number;
  readonly error: (traceId: string) => RelaisError;
}

/** A refusal by the gateway; the caller's fault. */
export function refusal(status: number, code: ErrorCode, reason: string, message: string): Refusal {
  const error = (traceId: string) =>
    new RelaisError(code, message, { reason, fault: 'caller', component: 'gateway', traceId });
  return { status, error };
}

/** The answer to an Expect that is not 100-continue. */
export const unknownExpectation = refusal(
  417,
  'invalid_argument',
  'unknown_expectation',
  'Of the Expect header only "100-continue" is known; send that or none.',
);

/** The answer to CONNECT. */
export const noTunnel = refusal(
  405,
  'invalid_argument',
  'method_not_allowed',
  'This is no proxy; CONNECT is not a method of it.',
);

const oneHost = refusal(400, 'invalid_argument', 'malformed_request', 'Send one Host header with the request.');

const unknownCoding = refusal(
  501,
  'unimplemented',
  'unknown_transfer_coding',
  'Of transfer codings only "chunked" is known; send the body so, or with a content-length.',
);

/** What HTTP/1.1 asks of a request and Node does not check; undefined when there is nothing wrong. */
export function brokenRule(request: IncomingMessage): Refusal | undefined {
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return unknownCoding;
  if (request.httpVersion !== '1.1') return undefined;
  return hostsOf(request.rawHeaders) === 1 ? undefined : oneHost;
}

// Node keeps the first of several and forgets the rest.
function hostsOf(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts;
}
