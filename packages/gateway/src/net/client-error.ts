import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Clock, newTraceparent, toRest, traceIdOf } from '@relais/kit';
import type { GatewayLimits } from '../limits.js';
import { discardRest } from './discard-rest.js';
import { type Refusal, refusal } from './request-rules.js';

const headersTooLarge = refusal(
  431,
  'invalid_argument',
  'headers_too_large',
  'The header section is too large; send fewer or shorter headers.',
);

const tooSlow = refusal(
  408,
  'deadline_exceeded',
  'request_timeout',
  'The request did not arrive in time; send it faster.',
);

const malformed = refusal(
  400,
  'invalid_argument',
  'malformed_request',
  'This is not an HTTP request we can read; speak HTTP/1.1 or HTTP/2 (h2c).',
);

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
  refuseSocket(socket, byCode[error.code ?? ''] ?? malformed);
}

/** Writes a refusal to a bare connection and closes it. */
export function refuseSocket(socket: Duplex, why: Refusal): void {
  const { body, headers } = answerTo(why);
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = `HTTP/1.1 ${why.status} ${STATUS_CODES[why.status]}\r\n`;
  socket.end(`${status}${head.join('')}\r\n${body}`, () => socket.destroy());
}

/** Answers a request with a refusal, throws its body away within the limits, and closes its connection. */
export function refuseRequest(
  request: IncomingMessage,
  response: ServerResponse,
  why: Refusal,
  clock: Clock,
  limits: GatewayLimits,
): void {
  const { body, headers } = answerTo(why);
  response.writeHead(why.status, headers);
  // Who waits for a word before it sends will send nothing now.
  if (request.headers.expect !== undefined) {
    response.end(body);
    return;
  }
  response.write(body);
  discardRest(request, clock, limits, () => response.end());
}

function answerTo({ error }: Refusal) {
  const traceparent = newTraceparent(false);
  const body = JSON.stringify(toRest(error(traceIdOf(traceparent))).body);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-content-type-options': 'nosniff',
    traceparent,
    connection: 'close',
  };
  return { body, headers };
}
