import type { ServerResponse as Http1Response, IncomingMessage } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { PlainRequest } from './plain/plain-request.js';
import { PlainResponse } from './plain/plain-response.js';

/** A request of either protocol that Node has read, but for its body. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;
/** Its answer. */
export type NodeResponse = Http1Response | Http2ServerResponse;
/** A request, whoever read it. */
export type ServerRequest = NodeRequest | PlainRequest;
/** Its answer. */
export type ServerResponse = NodeResponse | PlainResponse;

/** An answer over HTTP/1.1. */
export type Http1Answer = Http1Response | PlainResponse;

/** Whether the message came over HTTP/2. */
export function isHttp2(message: ServerRequest): message is Http2ServerRequest {
  return 'stream' in message;
}

/** Whether a request is a plain one, which came whole. */
export function isPlain(request: ServerRequest): request is PlainRequest {
  return 'body' in request;
}

/** Whether a response is one to a plain request. */
export function isToPlain(response: ServerResponse): response is PlainResponse {
  return response instanceof PlainResponse;
}

/** A response of Node's own. Throws for that to a plain request, which must not come so far. */
export function nodeResponse(response: ServerResponse): NodeResponse {
  if (isToPlain(response)) throw new Error('this is for requests that Node has read');
  return response;
}

const streaming = new WeakSet<ServerResponse>();

/** Says that an answer goes out as it is made, for as long as that takes. */
export function markStreaming(response: ServerResponse): void {
  streaming.add(response);
}

export function isStreaming(response: ServerResponse): boolean {
  return streaming.has(response);
}
