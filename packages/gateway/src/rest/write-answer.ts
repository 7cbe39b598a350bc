import type { ServerResponse as Http1Response, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import http2, { type Http2ServerRequest } from 'node:http2';
import { discardRest } from '../net/discard-rest.js';
import {
  isHttp2,
  isPlain,
  type NodeRequest,
  type NodeResponse,
  nodeResponse,
  type ServerResponse,
} from '../net/messages.js';
import type { RestAnswer } from './answer.js';
import type { RestCall, RestShared } from './call.js';

/** Writes an answer in one piece. A request whose body was not read is dealt with so that the answer still arrives. */
export function writeAnswer(call: RestCall, answer: RestAnswer, shared: RestShared): void {
  const { request, response } = call;
  if (response.destroyed || response.writableEnded) return;
  const { body, status } = answer;
  const bytes = Buffer.byteLength(body);
  const all = headersOf(call, answer, shared);
  if (status !== 204 && status !== 304) all['content-length'] = bytes;
  if (isPlain(request) || request.complete || hasNoBody(request)) {
    writeHead(response, status, all);
    // A text as long as its bytes is ASCII, which goes out faster as what it is.
    end(response, body, bytes === body.length ? 'latin1' : 'utf8');
  } else if (isHttp2(request)) endHttp2(request, nodeResponse(response), status, all, body);
  else endThenDiscard(request, response, { status, headers: all, body }, shared);
  shared.answers.written(response);
}

/** All headers of an answer but its length. */
export function headersOf({ request, span }: RestCall, answer: RestAnswer, { core }: RestShared): OutgoingHttpHeaders {
  const { contentType, headers, invocationId } = answer;
  const all: OutgoingHttpHeaders = headers ? { ...headers } : {};
  if (contentType !== undefined) all['content-type'] = contentType;
  all['x-content-type-options'] = 'nosniff';
  all.traceparent = span.traceparent;
  if (core.readiness.isShut && !isHttp2(request)) all.connection = 'close';
  if (invocationId !== undefined) all['x-relais-invocation-id'] = invocationId;
  return all;
}

function hasNoBody(request: NodeRequest): boolean {
  const { headers } = request;
  if (isHttp2(request)) return request.stream.endAfterHeaders;
  return headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
}

// HTTP/2 has words for "I need no more of this": the stream ends without an error and the answer stands.
function endHttp2(
  request: Http2ServerRequest,
  response: NodeResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  body: string | Buffer,
): void {
  writeHead(response, status, headers);
  response.once('finish', () => request.stream.close(http2.constants.NGHTTP2_NO_ERROR));
  end(response, body);
  request.resume();
}

/**
 * HTTP/1.1 has none: a connection closed with unread bytes is reset, and the reset can overtake the answer. So the whole
 * answer goes out, then what still comes is thrown away within bounds, and only then the connection is closed.
 */
function endThenDiscard(
  request: IncomingMessage,
  response: ServerResponse,
  answer: { status: number; headers: OutgoingHttpHeaders; body: string | Buffer },
  { clock, limits }: RestShared,
): void {
  writeHead(response, answer.status, { ...answer.headers, connection: 'close' });
  // The caller waits for a word before it sends: it will send nothing now.
  if (request.headers.expect !== undefined) {
    end(response, answer.body);
    return;
  }
  (response as Http1Response).write(answer.body);
  discardRest(request, clock, limits, () => end(response));
}

/** Writes the rest of an answer. */
export function end(response: ServerResponse, body: string | Buffer = '', encoding: BufferEncoding = 'utf8'): void {
  (response as Http1Response).end(body, encoding);
}

/** One call for all kinds of response, whose overloads the compiler cannot unite. */
export function writeHead(response: ServerResponse, status: number, headers: OutgoingHttpHeaders): void {
  (response as Http1Response).writeHead(status, headers);
}
