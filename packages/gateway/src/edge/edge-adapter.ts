import type { ServerResponse as Http1Response, IncomingMessage } from 'node:http';
import http2, { type Http2ServerRequest } from 'node:http2';
import { type ContextValues, createConnectRouter, createContextValues } from '@connectrpc/connect';
import { createAsyncIterable, type UniversalHandler, type UniversalServerResponse } from '@connectrpc/connect/protocol';
import { universalResponseToNodeResponse } from '@connectrpc/connect-node';
import { errorCodes, RelaisError } from '@relais/kit';
import type { Verdict } from '../access/gatekeeper.js';
import type { AnswerBudget } from '../net/answer-budget.js';
import type { BodyBudget } from '../net/body-budget.js';
import { discardRest } from '../net/discard-rest.js';
import {
  isHttp2,
  isPlain,
  isStreaming,
  isToPlain,
  markStreaming,
  type NodeResponse,
  nodeResponse,
  type ServerRequest,
  type ServerResponse,
} from '../net/messages.js';
import type { PlainRequest } from '../net/plain/plain-request.js';
import { budgetedBody, HeldBytes, unbudgetedBody } from './budgeted-body.js';
import { invokeProcedure } from './invocation-service.js';
import { completeRefusal } from './library-failures.js';
import { invokePath, PlainInvoke } from './plain-invoke.js';
import { refusalResponse } from './refusal-response.js';
import { refuse, unknownProcedureName } from './refused-call.js';
import { begunKey, cutKey, type EdgeShared, grantKey } from './serve.js';
import { addServices, messageBytesMax } from './services.js';
import { universalRequest } from './universal-request.js';
import { Unpacking } from './unpacking.js';
import { writeWhole } from './whole-answer.js';
import { endedOnClose, heldWhileWritten } from './written-body.js';

const noSniffing = { 'x-content-type-options': 'nosniff' };

/** Contract section 5: Connect, gRPC and gRPC-Web, with reflection and health. */
export class EdgeAdapter {
  readonly #shared: EdgeShared;
  readonly #bodies: BodyBudget;
  readonly #answers: AnswerBudget;
  readonly #stopped = new AbortController();
  readonly #handlers: ReadonlyMap<string, UniversalHandler>;
  readonly #plain: PlainInvoke;
  readonly #unpacking = new Unpacking();

  constructor(shared: EdgeShared, bodies: BodyBudget, answers: AnswerBudget) {
    this.#shared = shared;
    this.#bodies = bodies;
    this.#answers = answers;
    const invoke = invokeProcedure(shared);
    const refusePlain = (request: ServerRequest, failure: RelaisError) =>
      refuse(shared, this.#nameOf(invokePath), request, failure);
    this.#plain = new PlainInvoke({ limits: shared.limits, bodies }, shared.clock, invoke, refusePlain);
    const router = createConnectRouter({ acceptCompression: [...this.#unpacking.compressions] });
    addServices(router, shared, invoke, this.#stopped.signal);
    this.#handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  }

  /** Whether a path belongs to this adapter. */
  static isRpcPath(path: string): boolean {
    return path.startsWith('/relais.v1.') || path.startsWith('/grpc.');
  }

  /** Ends what would otherwise go on for ever: watches of the health. */
  stopping(): void {
    this.#stopped.abort();
  }

  /** Whether a plain request is one that {@link handle} can take; the RPC library is for Node's alone. */
  takesPlain(request: PlainRequest, path: string): boolean {
    return this.#plain.takes(request, path);
  }

  /** Serves one request, or answers it with the refusal; never throws and never rejects. */
  handle(request: ServerRequest, response: ServerResponse, path: string, verdict: Verdict): void {
    const goesShort = !verdict.refusal && (isPlain(request) || this.#plain.takes(request, path));
    const serving = goesShort
      ? this.#servePlain(request, response as Http1Response, path, verdict)
      : this.#serve(request, response, path, verdict);
    serving.catch((cause: unknown) => {
      response.destroy();
      const failure = new RelaisError('cancelled', 'The answer could not be written.', { cause });
      this.#shared.report(failure, path);
    });
  }

  async #servePlain(request: ServerRequest, response: Http1Response, path: string, verdict: Verdict): Promise<void> {
    const outcome = await this.#plain.run(request, response, verdict);
    if (outcome.kind === 'unread') return this.#serve(request, response, path, verdict, outcome.body);
    if (outcome.kind === 'failure') return this.#answer(response, outcome.response, true);
    if (response.destroyed) return;
    const { body, headers } = outcome;
    const closing = this.#shared.core.readiness.isShut ? { connection: 'close' } : {};
    const bytes = Buffer.byteLength(body);
    response.writeHead(200, { ...headers, ...closing, 'content-length': bytes, ...noSniffing });
    // Text goes out with the head in one piece; as long as its bytes it is ASCII.
    response.end(body, bytes === body.length ? 'latin1' : 'utf8');
    this.#answers.written(response);
  }

  /** `body` is there when it has been read already. */
  #serve(
    request: ServerRequest,
    response: ServerResponse,
    path: string,
    { refusal, ...grant }: Verdict,
    body?: Buffer,
  ): Promise<void> {
    const handler = refusal ? undefined : this.#handlers.get(path);
    const refuseIt = (failure: RelaisError) => refuse(this.#shared, this.#nameOf(path), request, failure);
    const isWhole = handler !== undefined && isMessageWhole(handler.method);
    const held = isWhole ? new HeldBytes(response, this.#bodies, refuseIt) : undefined;
    // The message of a stream is read as late as its answer.
    return this.#unpacking.holding(held, async () => {
      const isContinued = this.#welcomeBody(request, response, handler);
      const values = createContextValues();
      values.set(grantKey, grant);
      if (handler?.method.methodKind === 'server_streaming') this.#stream(nodeResponse(response), values);
      const read = held ? budgetedBody(request, held) : unbudgetedBody(request);
      const whole = body ? createAsyncIterable([body]) : read;
      const answer = handler
        ? await handler(universalRequest(request, response, values, whole))
        : unknownProcedure(request);
      const complete = refusal
        ? refusalResponse(refuseIt(refusal), request)
        : await completeRefusal(answer, {
            began: () => values.get(begunKey),
            bytesMax: this.#messageBytesMax(handler),
            refuse: refuseIt,
          });
      await this.#answer(response, complete, isContinued);
    });
  }

  async #answer(response: ServerResponse, answer: UniversalServerResponse, isContinued: boolean): Promise<void> {
    if (isToPlain(response)) return writeWhole(answer, response, noSniffing);
    for (const [name, value] of Object.entries(noSniffing)) response.setHeader(name, value);
    if (isHttp2(response.req)) this.#endHttp2(response.req, response);
    else this.#endHttp1(response.req, response as Http1Response, isContinued);
    const held = isStreaming(response) ? answer : heldWhileWritten(answer, response, this.#answers);
    await universalResponseToNodeResponse(endedOnClose(held, response), response);
  }

  #stream(response: NodeResponse, values: ContextValues): void {
    markStreaming(response);
    let isOut = false;
    response.once('finish', () => {
      isOut = true;
    });
    // After that the connection may serve another request.
    values.set(cutKey, () => {
      if (!isOut) response.destroy();
    });
  }

  // False: the caller asked whether to send its body, and it is too large to be welcome.
  #welcomeBody(request: ServerRequest, response: ServerResponse, handler: UniversalHandler | undefined): boolean {
    if (request.headers.expect === undefined) return true;
    const isWelcome = Number(request.headers['content-length'] ?? 0) <= this.#messageBytesMax(handler);
    if (isWelcome) response.writeContinue();
    return isWelcome;
  }

  #messageBytesMax(handler: UniversalHandler | undefined): number {
    return handler ? messageBytesMax(handler.service, this.#shared.limits) : 0;
  }

  /** What a request for a path is counted as. */
  #nameOf(path: string): string {
    const handler = this.#handlers.get(path);
    return handler ? `${handler.service.typeName}/${handler.method.name}` : unknownProcedureName;
  }

  // A stream that has answered needs no more of its request.
  #endHttp2(request: Http2ServerRequest, response: NodeResponse): void {
    response.once('finish', () => {
      if (!request.complete) request.stream.close(http2.constants.NGHTTP2_NO_ERROR);
    });
  }

  // As for REST: closing a connection with unread bytes would reset it, and the answer might be lost.
  #endHttp1(request: IncomingMessage, response: Http1Response, isContinued: boolean): void {
    if (request.complete || !isContinued) {
      if (!isContinued || this.#shared.core.readiness.isShut) response.setHeader('connection', 'close');
      return;
    }
    const { clock, limits } = this.#shared;
    const closes = !response.shouldKeepAlive;
    response.shouldKeepAlive = true;
    const end = () => {
      if (closes) request.socket.destroySoon();
    };
    response.once('finish', () => discardRest(request, clock, limits, end));
  }
}

/** Whether a call has one message, which is held until it is answered. */
function isMessageWhole({ methodKind }: UniversalHandler['method']): boolean {
  return methodKind === 'unary' || methodKind === 'server_streaming';
}

function unknownProcedure(request: ServerRequest): UniversalServerResponse {
  // gRPC-Web, like Connect, tells it by the HTTP status.
  if (!/^application\/grpc(?:$|[+;])/.test(request.headers['content-type'] ?? '')) return { status: 404 };
  const message = encodeURIComponent('There is no such procedure; server reflection lists what there is.');
  const trailer = new Headers({ 'grpc-message': message, 'grpc-status': String(errorCodes.unimplemented.grpcStatus) });
  return { status: 200, header: new Headers({ 'content-type': 'application/grpc' }), trailer };
}
