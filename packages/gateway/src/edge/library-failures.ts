import { Code, type ConnectError } from '@connectrpc/connect';
import { createAsyncIterable, encodeEnvelope, type UniversalServerResponse } from '@connectrpc/connect/protocol';
import {
  codeFromString,
  endStreamFlag,
  endStreamFromJson,
  endStreamToJson,
  errorToJsonBytes,
} from '@connectrpc/connect/protocol-connect';
import { findTrailerError, setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import { trailerFlag, trailerParse, trailerSerialize } from '@connectrpc/connect/protocol-grpc-web';
import type { RelaisError } from '@relais/kit';
import { libraryFailure } from './connect-error.js';

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

/** What is known of a request that the RPC library answers. */
export interface LibraryCall {
  /** Whether the procedure has been called. */
  readonly began: () => boolean;
  /** Largest message it takes. */
  readonly bytesMax: number;
  /** Hears of a failure that is not our own; what its caller is told. */
  readonly refuse: (failure: RelaisError) => ConnectError;
}

/**
 * Gives what the RPC library refuses by itself (malformed JSON, an unknown procedure, a message over its bound) the same
 * shape as our own failures: the typed detail and a traceparent.
 */
export async function completeRefusal(
  response: UniversalServerResponse,
  call: LibraryCall,
): Promise<UniversalServerResponse> {
  if (response.trailer) return { ...response, body: withTrailerDetail(response.body, response.trailer, call) };
  const header = new Headers(response.header);
  const type = header.get('content-type');
  if (type?.startsWith('application/grpc-web') && response.body) {
    return { ...response, body: withWebTrailerDetail(response.body, call) };
  }
  if (type?.startsWith('application/connect+') && response.body) {
    return { ...response, body: withEndOfStreamDetail(response.body, call) };
  }
  if (response.status < 400) return response;
  const refusal = plainRefusals[response.status];
  if (type === null && refusal) return refused(response.status, header, told(refusal[0], refusal[1], call));
  if (type !== 'application/json' || header.has('content-encoding') || !response.body) return response;
  const bytes = await bytesOf(response.body);
  const { code, details, message } = JSON.parse(bytes.toString());
  if (details) return { ...response, body: createAsyncIterable([bytes]) };
  const said = codeFromString(code) ?? Code.Unknown;
  const error = told(said, message, call);
  return refused(error.code === said ? response.status : 400, header, error);
}

function refused(status: number, header: Headers, error: ConnectError): UniversalServerResponse {
  const body = errorToJsonBytes(error, {});
  for (const [name, value] of error.metadata) header.set(name, value);
  header.set('content-type', 'application/json');
  header.set('content-length', String(body.byteLength));
  return { status, header, body: createAsyncIterable([body]) };
}

function told(code: Code, message: string, { began, bytesMax, refuse }: LibraryCall): ConnectError {
  return refuse(libraryFailure(meantBy(code, began), message, bytesMax));
}

// The library calls a message it cannot decode an internal error; what is wrong before our code runs is the caller's.
function meantBy(code: Code, began: () => boolean): Code {
  return code === Code.Internal && !began() ? Code.InvalidArgument : code;
}

type Body = AsyncIterable<Uint8Array>;

// A trailer is complete only when the body is.
async function* withTrailerDetail(body: Body | undefined, trailer: Headers, call: LibraryCall) {
  if (body) yield* body;
  complete(trailer, call);
}

// gRPC-Web carries its trailer as the last envelope of the body; each chunk is one envelope.
async function* withWebTrailerDetail(body: Body, call: LibraryCall) {
  for await (const chunk of body) {
    const trailer = chunk[0] === trailerFlag ? trailerParse(chunk.subarray(envelopeHeadBytes)) : undefined;
    yield trailer && complete(trailer, call) ? encodeEnvelope(trailerFlag, trailerSerialize(trailer)) : chunk;
  }
}

// So do streams of Connect, as JSON.
async function* withEndOfStreamDetail(body: Body, call: LibraryCall) {
  for await (const chunk of body) {
    const end = chunk[0] === endStreamFlag ? endStreamFromJson(chunk.subarray(envelopeHeadBytes)) : undefined;
    const failure = end?.error;
    if (!end || !failure || failure.details.length > 0) {
      yield chunk;
      continue;
    }
    const error = told(failure.code, failure.rawMessage, call);
    yield encodeEnvelope(endStreamFlag, Buffer.from(JSON.stringify(endStreamToJson(end.metadata, error, {}))));
  }
}

// Whether there was anything to complete.
function complete(trailer: Headers, call: LibraryCall): boolean {
  const failure = findTrailerError(trailer);
  if (!failure || failure.details.length > 0) return false;
  setTrailerStatus(trailer, told(failure.code, failure.rawMessage, call));
  return true;
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
