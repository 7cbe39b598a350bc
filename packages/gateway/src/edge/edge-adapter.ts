import http2 from 'node:http2';
import { createConnectRouter } from '@connectrpc/connect';
import type { UniversalHandler, UniversalServerResponse } from '@connectrpc/connect/protocol';
import { compressionBrotli, compressionGzip, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import { errorCodes, RelaisError } from '@relais/kit';
import { discardRest } from '../net/discard-rest.js';
import { isHttp2, type ServerRequest, type ServerResponse } from '../net/messages.js';
import { completeRefusal } from './library-failures.js';
import type { EdgeShared } from './serve.js';
import { addServices, messageBytesMax } from './services.js';
import { universalRequest } from './universal-request.js';

/** Contract section 5: Connect, gRPC and gRPC-Web, with reflection and health. */
export class EdgeAdapter {
  readonly #shared: EdgeShared;
  readonly #stopped = new AbortController();
  readonly #handlers: ReadonlyMap<string, UniversalHandler>;

  constructor(shared: EdgeShared) {
    this.#shared = shared;
    const router = createConnectRouter({ acceptCompression: [compressionGzip, compressionBrotli] });
    addServices(router, shared, this.#stopped.signal);
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

  /** Serves one request; never throws and never rejects. */
  handle(request: ServerRequest, response: ServerResponse, path: string): void {
    this.#serve(request, response, path).catch((cause: unknown) => {
      response.destroy();
      const failure = new RelaisError('cancelled', 'The answer could not be written.', { cause });
      this.#shared.report(failure, path);
    });
  }

  async #serve(request: ServerRequest, response: ServerResponse, path: string): Promise<void> {
    const handler = this.#handlers.get(path);
    response.setHeader('x-content-type-options', 'nosniff');
    this.#settleBody(request, response, handler);
    const answer = handler ? await handler(universalRequest(request, response)) : unknownProcedure(request);
    const complete = await completeRefusal(answer);
    if (this.#stopped.signal.aborted && !isHttp2(request)) response.setHeader('connection', 'close');
    await universalResponseToNodeResponse(complete, response);
  }

  #settleBody(request: ServerRequest, response: ServerResponse, handler: UniversalHandler | undefined): void {
    const { clock, limits } = this.#shared;
    const bytesMax = handler ? messageBytesMax(handler.service, limits) : 0;
    if (request.headers.expect !== undefined) {
      if (Number(request.headers['content-length'] ?? 0) <= bytesMax) response.writeContinue();
      else if (!isHttp2(request)) response.setHeader('connection', 'close');
    }
    response.once('finish', () => {
      if (request.complete) return;
      if (isHttp2(request)) request.stream.close(http2.constants.NGHTTP2_NO_ERROR);
      else discardRest(request, clock, limits, () => {});
    });
  }
}

function unknownProcedure(request: ServerRequest): UniversalServerResponse {
  const isGrpc = request.headers['content-type']?.startsWith('application/grpc') ?? false;
  if (!isGrpc) return { status: 404 };
  const message = encodeURIComponent('There is no such procedure; server reflection lists what there is.');
  const header = new Headers({ 'content-type': 'application/grpc', 'grpc-message': message });
  header.set('grpc-status', String(errorCodes.unimplemented.grpcStatus));
  return { status: 200, header };
}
