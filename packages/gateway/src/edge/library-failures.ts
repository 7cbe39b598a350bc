import { Code, ConnectError } from '@connectrpc/connect';
import { createAsyncIterable, encodeEnvelope, type UniversalServerResponse } from '@connectrpc/connect/protocol';
import { codeFromString, errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import { findTrailerError, setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import { trailerFlag, trailerParse, trailerSerialize } from '@connectrpc/connect/protocol-grpc-web';
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

// Flags and length.
const envelopeHeadBytes = 5;

/**
 * Gives what the RPC library refuses by itself (malformed JSON, an unknown procedure, a message over its bound) the same
 * shape as our own failures: the typed detail and a traceparent. `began` tells whether the procedure has been called.
 */
export async function completeRefusal(
  response: UniversalServerResponse,
  began: () => boolean,
): Promise<UniversalServerResponse> {
  if (response.trailer) return { ...response, body: withTrailerDetail(response.body, response.trailer, began) };
  const header = new Headers(response.header);
  const type = header.get('content-type');
  if (type?.startsWith('application/grpc-web') && response.body) {
    return { ...response, body: withWebTrailerDetail(response.body, began) };
  }
  if (response.status < 400) return response;
  const refusal = plainRefusals[response.status];
  if (type === null && refusal) return refused(response.status, header, refusal[0], refusal[1]);
  if (type !== 'application/json' || header.has('content-encoding') || !response.body) return response;
  const bytes = await bytesOf(response.body);
  const { code, details, message } = JSON.parse(bytes.toString());
  if (details) return { ...response, body: createAsyncIterable([bytes]) };
  const told = codeFromString(code) ?? Code.Unknown;
  const meant = meantBy(told, began);
  return refused(meant === told ? response.status : 400, header, meant, message);
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

// The library calls a message it cannot decode an internal error; what is wrong before our code runs is the caller's.
function meantBy(code: Code, began: () => boolean): Code {
  return code === Code.Internal && !began() ? Code.InvalidArgument : code;
}

type Body = AsyncIterable<Uint8Array>;

// A trailer is complete only when the body is.
async function* withTrailerDetail(body: Body | undefined, trailer: Headers, began: () => boolean) {
  if (body) yield* body;
  complete(trailer, began);
}

// gRPC-Web carries its trailer as the last envelope of the body; each chunk is one envelope.
async function* withWebTrailerDetail(body: Body, began: () => boolean) {
  for await (const chunk of body) {
    const trailer = chunk[0] === trailerFlag ? trailerParse(chunk.subarray(envelopeHeadBytes)) : undefined;
    yield trailer && complete(trailer, began) ? encodeEnvelope(trailerFlag, trailerSerialize(trailer)) : chunk;
  }
}

// Whether there was anything to complete.
function complete(trailer: Headers, began: () => boolean): boolean {
  const failure = findTrailerError(trailer);
  if (!failure || failure.details.length > 0) return false;
  setTrailerStatus(trailer, detailed(meantBy(failure.code, began), failure.rawMessage, newTraceparent(false)));
  return true;
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
