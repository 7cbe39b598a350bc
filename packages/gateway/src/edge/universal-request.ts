import type { ContextValues } from '@connectrpc/connect';
import type { UniversalServerRequest } from '@connectrpc/connect/protocol';
import type { ServerRequest, ServerResponse } from '../net/messages.js';

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
    for (const each of [value].flat()) headers.append(name, each);
  }
  return headers;
}
