import { Code, type ConnectError } from '@connectrpc/connect';
import { createAsyncIterable, encodeEnvelope, type UniversalServerResponse } from '@connectrpc/connect/protocol';
import {
  codeToHttpStatus,
  endStreamFlag,
  endStreamToJson,
  errorToJsonBytes,
  parseContentType,
} from '@connectrpc/connect/protocol-connect';
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import { trailerFlag, trailerSerialize } from '@connectrpc/connect/protocol-grpc-web';
import type { ServerRequest } from '../net/messages.js';

/** A refusal in the protocol of a request of which only the head has been read. */
export function refusalResponse(error: ConnectError, { headers }: ServerRequest): UniversalServerResponse {
  const type = headers['content-type'] ?? '';
  if (type.startsWith('application/grpc-web')) return inWebTrailer(error, type);
  if (type.startsWith('application/grpc')) return inTrailer(error, type);
  return parseContentType(type)?.stream ? inEndOfStream(error, type) : asUnary(error);
}

function inTrailer(error: ConnectError, type: string): UniversalServerResponse {
  const trailer = new Headers();
  setTrailerStatus(trailer, error);
  return { status: 200, header: new Headers({ 'content-type': type }), trailer };
}

function inWebTrailer(error: ConnectError, type: string): UniversalServerResponse {
  const trailer = new Headers();
  setTrailerStatus(trailer, error);
  const body = createAsyncIterable([encodeEnvelope(trailerFlag, trailerSerialize(trailer))]);
  return { status: 200, header: new Headers({ 'content-type': type }), body };
}

function inEndOfStream(error: ConnectError, type: string): UniversalServerResponse {
  const end = Buffer.from(JSON.stringify(endStreamToJson(error.metadata, error, {})));
  const body = createAsyncIterable([encodeEnvelope(endStreamFlag, end)]);
  return { status: 200, header: new Headers({ 'content-type': type }), body };
}

/** An error as Connect answers it to a unary call. */
export function asUnary(error: ConnectError): UniversalServerResponse {
  const body = errorToJsonBytes(error, {});
  const header = new Headers(error.metadata);
  if (error.code === Code.Unauthenticated) header.set('www-authenticate', 'Bearer realm="relais"');
  header.set('content-type', 'application/json');
  header.set('content-length', String(body.byteLength));
  return { status: codeToHttpStatus(error.code), header, body: createAsyncIterable([body]) };
}
