import type { ServerResponse as Http1Response, IncomingMessage } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

/** A request of either protocol. */
export type ServerRequest = IncomingMessage | Http2ServerRequest;
/** Its answer. */
export type ServerResponse = Http1Response | Http2ServerResponse;

/** Whether the message came over HTTP/2. */
export function isHttp2(message: ServerRequest): message is Http2ServerRequest {
  return 'stream' in message;
}

const streaming = new WeakSet<ServerResponse>();

/** Says that an answer goes out as it is made, for as long as that takes. */
export function markStreaming(response: ServerResponse): void {
  streaming.add(response);
}

export function isStreaming(response: ServerResponse): boolean {
  return streaming.has(response);
}
