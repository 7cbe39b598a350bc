import { Code, ConnectError } from '@connectrpc/connect';
import { createAsyncIterable, type UniversalServerResponse } from '@connectrpc/connect/protocol';
import { codeFromString, errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import { findTrailerError, setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import { newTraceparent, traceIdOf } from '@relais/kit';
import { libraryDetail } from './connect-error.js';

const plainRefusals: Readonly<Record<number, readonly [Code, string]>> = {
  404: [Code.Unimplemented, 'There is no such procedure; server reflection lists what there is.'],
  405: [Code.InvalidArgument, 'Procedures are called by POST.'],
  415: [
    Code.InvalidArgument,
    'Send "content-type: application/json", or another that Connect, gRPC or gRPC-Web knows.',
  ],
  505: [Code.InvalidArgument, 'This procedure needs HTTP/2.'],
};

/**
 * Gives what the RPC library refuses by itself (malformed JSON, an unknown procedure, a message over its bound) the same
 * shape as our own failures: the typed detail and a traceparent.
 */
export async function completeRefusal(response: UniversalServerResponse): Promise<UniversalServerResponse> {
  if (response.trailer) return { ...response, body: withTrailerDetail(response.body, response.trailer) };
  if (response.status < 400) return response;
  const header = new Headers(response.header);
  const type = header.get('content-type');
  const refusal = plainRefusals[response.status];
  if (type === null && refusal) return refused(response.status, header, refusal[0], refusal[1]);
  if (type !== 'application/json' || header.has('content-encoding') || !response.body) return response;
  const bytes = await bytesOf(response.body);
  const { code, details, message } = JSON.parse(bytes.toString());
  if (details) return { ...response, body: createAsyncIterable([bytes]) };
  return refused(response.status, header, codeFromString(code) ?? Code.Unknown, message);
}

function refused(status: number, header: Headers, code: Code, message: string): UniversalServerResponse {
  const traceparent = newTraceparent(false);
  const body = errorToJsonBytes(detailed(code, message, traceparent), {});
  header.set('content-type', 'application/json');
  header.set('content-length', String(body.byteLength));
  header.set('traceparent', traceparent);
  return { status, header, body: createAsyncIterable([body]) };
}

function detailed(code: Code, message: string, traceparent: string): ConnectError {
  const detail = libraryDetail(code, message, traceIdOf(traceparent));
  return new ConnectError(message, code, { traceparent }, [detail]);
}

// A trailer is complete only when the body is.
async function* withTrailerDetail(body: AsyncIterable<Uint8Array> | undefined, trailer: Headers) {
  if (body) yield* body;
  const failure = findTrailerError(trailer);
  if (!failure || failure.details.length > 0) return;
  setTrailerStatus(trailer, detailed(failure.code, failure.rawMessage, newTraceparent(false)));
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
