import type { ContextValues } from '@connectrpc/connect';
import type { UniversalServerRequest } from '@connectrpc/connect/protocol';
import type { ServerRequest, ServerResponse } from '../net/messages.js';

/** Longest time of a timer, 24.8 days; one for longer fires at once. */
const timerMsMax = 2 ** 31 - 1;
/** Those of gRPC's units in which eight digits can be longer. */
const longUnitsMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000 };

/** A request in the RPC library's terms. Its signal fires when the caller has gone or the answer is out. */
export function universalRequest(
  request: ServerRequest,
  response: ServerResponse,
  contextValues: ContextValues,
  body: AsyncIterable<Uint8Array>,
): UniversalServerRequest {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return {
    httpVersion: request.httpVersion,
    method: request.method ?? '',
    // Only path and query count; whatever host the caller named may not be a URL's.
    url: `http://relais${request.url ?? '/'}`,
    header: webHeaders(request),
    body,
    signal: gone.signal,
    contextValues,
  };
}

function webHeaders(request: ServerRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (name.startsWith(':') || value === undefined) continue;
    for (const each of [value].flat()) if (!isEndless(name, each)) headers.append(name, each);
  }
  return headers;
}

/** Whether a header sets a deadline that is further away than the library's timer can wait: it is none. */
function isEndless(name: string, value: string): boolean {
  if (name === 'connect-timeout-ms') return /^\d{1,10}$/.test(value) && Number(value) > timerMsMax;
  const [, digits, unit] = (name === 'grpc-timeout' && /^(\d{1,8})([HMS])$/.exec(value)) || [];
  return digits !== undefined && Number(digits) * (longUnitsMs[unit ?? ''] ?? 0) > timerMsMax;
}
