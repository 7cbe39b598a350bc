import { create, fromBinary, fromJsonString, type MessageInitShape, toBinary, toJsonString } from '@bufbuild/protobuf';
import { ConnectError, createContextValues } from '@connectrpc/connect';
import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import { compressionGzip } from '@connectrpc/connect-node';
import { invocation } from '@relais/contracts/edge';
import { type Clock, RelaisError } from '@relais/kit';
import type { Grant } from '../access/key-check.js';
import { goneSignal } from '../net/gone-signal.js';
import { isHttp2, type ServerRequest, type ServerResponse } from '../net/messages.js';
import { type BodyRoom, payloadBound, readBody } from '../net/read-body.js';
import type { invokeProcedure } from './invocation-service.js';
import { asUnary } from './refusal-response.js';
import { grantKey, type RpcContext } from './serve.js';

const { InvokeRequestSchema, InvokeResponseSchema } = invocation;
export const invokePath = '/relais.v1.InvocationService/Invoke';

type Refuse = (request: ServerRequest, failure: RelaisError) => ConnectError;
type Request = invocation.InvokeRequest;
type Response = MessageInitShape<typeof InvokeResponseSchema>;

/** How a message is read and written. */
interface Codec {
  readonly read: (bytes: Buffer) => Request;
  readonly write: (response: Response) => string | Uint8Array;
}

// As the RPC library reads JSON: callers may know more fields than we do.
const jsonOptions = { ignoreUnknownFields: true };
const json: Codec = {
  read: (bytes) => fromJsonString(InvokeRequestSchema, bytes.toString(), jsonOptions),
  write: (response) => toJsonString(InvokeResponseSchema, create(InvokeResponseSchema, response)),
};
const proto: Codec = {
  read: (bytes) => fromBinary(InvokeRequestSchema, bytes),
  write: (response) => toBinary(InvokeResponseSchema, create(InvokeResponseSchema, response)),
};
const codecs: ReadonlyMap<string | undefined, Codec> = new Map([
  ['application/json', json],
  ['application/proto', proto],
]);

/** Milliseconds; a deadline of no time is for the RPC library. */
const timeoutForm = /^[1-9]\d{0,9}$/;

/** Below it compressing saves nothing; the RPC library's own bound. */
const compressBytesMin = 1024;

/** What became of a call: its answer, a failure, or a message that could not be read, which the RPC library explains. */
export type PlainOutcome =
  | { readonly kind: 'answer'; readonly headers: Record<string, string | number>; readonly body: string | Uint8Array }
  | { readonly kind: 'failure'; readonly response: UniversalServerResponse }
  | { readonly kind: 'unread'; readonly body: Buffer };

/**
 * Invoke by Connect over HTTP/1.1 in its plainest form: one message of known length that is not compressed. The RPC
 * library makes a web request, streams and timers of each call, and a call that takes 71 us of CPU in all took 181; all beyond
 * this form is left to it.
 */
export class PlainInvoke {
  readonly #room: BodyRoom;
  readonly #clock: Clock;
  readonly #invoke: ReturnType<typeof invokeProcedure>;
  readonly #refuse: Refuse;

  /** `refuse` hears of a call that failed outside of `invoke`. */
  constructor(room: BodyRoom, clock: Clock, invoke: ReturnType<typeof invokeProcedure>, refuse: Refuse) {
    this.#room = room;
    this.#clock = clock;
    this.#invoke = invoke;
    this.#refuse = refuse;
  }

  takes(request: ServerRequest, path: string): boolean {
    if (path !== invokePath || request.method !== 'POST' || isHttp2(request)) return false;
    const { headers } = request;
    const timeout = headers['connect-timeout-ms'];
    return (
      codecs.has(headers['content-type']) &&
      (headers['connect-protocol-version'] ?? '1') === '1' &&
      Number(headers['content-length'] ?? Number.NaN) <= this.#room.limits.payloadBytesMax &&
      (timeout === undefined || timeoutForm.test(String(timeout))) &&
      headers['content-encoding'] === undefined &&
      headers.expect === undefined
    );
  }

  /** Runs what {@link takes} took. Never rejects. */
  async run(request: ServerRequest, response: ServerResponse, grant: Grant): Promise<PlainOutcome> {
    const { headers } = request;
    const type = headers['content-type'] ?? '';
    const codec = codecs.get(type) as Codec;
    try {
      const bytes = await readBody({ request, response }, this.#room, payloadBound);
      const message = readable(codec, bytes);
      if (!message) return { kind: 'unread', body: bytes };
      const answerHeaders: Record<string, string | number> = { 'content-type': type };
      const body = codec.write(await this.#invoke(message, this.#contextOf(request, grant, answerHeaders)));
      return await compressed(headers['accept-encoding'], answerHeaders, body);
    } catch (error) {
      const told = error instanceof ConnectError ? error : this.#refuse(request, RelaisError.from(error));
      return { kind: 'failure', response: asUnary(told) };
    }
  }

  #contextOf(request: ServerRequest, grant: Grant, answerHeaders: Record<string, string | number>): RpcContext {
    const { headers } = request;
    const timeout = headers['connect-timeout-ms'];
    const deadlineMs = timeout === undefined ? undefined : this.#clock.nowMs() + Number(timeout);
    const values = createContextValues();
    values.set(grantKey, grant);
    return {
      values,
      signal: goneSignal(request),
      timeoutMs: () => (deadlineMs === undefined ? undefined : deadlineMs - this.#clock.nowMs()),
      protocolName: 'connect',
      requestMethod: 'POST',
      requestHeader: { get: (name) => textOf(headers[name]) },
      responseHeader: {
        set: (name, value) => {
          answerHeaders[name] = value;
        },
      },
    };
  }
}

/** As a web request would tell it: one of no length is like none. */
function textOf(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header.join(', ') : header) || null;
}

function readable(codec: Codec, bytes: Buffer): Request | undefined {
  try {
    return codec.read(bytes);
  } catch {
    return undefined;
  }
}

async function compressed(
  accepted: string | string[] | undefined,
  headers: Record<string, string | number>,
  body: string | Uint8Array,
): Promise<PlainOutcome> {
  if (body.length < compressBytesMin || !/\bgzip\b/.test(String(accepted))) return { kind: 'answer', headers, body };
  headers['content-encoding'] = 'gzip';
  return { kind: 'answer', headers, body: await compressionGzip.compress(Buffer.from(body)) };
}
