import type { Duplex } from 'node:stream';
import { newTraceparent, RelaisError, toRest, traceIdOf } from '@relais/kit';

interface Refusal {
  readonly status: string;
  readonly error: (traceId: string) => RelaisError;
}

const component = 'gateway';

const headersTooLarge: Refusal = {
  status: '431 Request Header Fields Too Large',
  error: (traceId) =>
    new RelaisError('invalid_argument', 'The header section is too large; send fewer or shorter headers.', {
      reason: 'headers_too_large',
      component,
      traceId,
    }),
};

const tooSlow: Refusal = {
  status: '408 Request Timeout',
  error: (traceId) =>
    new RelaisError('deadline_exceeded', 'The request did not arrive in time; send it faster.', {
      reason: 'request_timeout',
      fault: 'caller',
      component,
      traceId,
    }),
};

const malformed: Refusal = {
  status: '400 Bad Request',
  error: (traceId) =>
    new RelaisError('invalid_argument', 'This is not an HTTP request we can read; speak HTTP/1.1 or HTTP/2 (h2c).', {
      reason: 'malformed_request',
      component,
      traceId,
    }),
};

const byCode: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: headersTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: tooSlow,
};

/** Answers, in the one error shape, a request that never became one, and closes its connection. */
export function answerClientError(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, error: describe } = byCode[error.code ?? ''] ?? malformed;
  const traceparent = newTraceparent(false);
  const body = JSON.stringify(toRest(describe(traceIdOf(traceparent))).body);
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'x-content-type-options: nosniff',
    `traceparent: ${traceparent}`,
    'connection: close',
  ].join('\r\n');
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}
