import { RelaisError } from '@relais/kit';
import { tooLarge } from '../core/failures.js';
import type { GatewayLimits } from '../limits.js';
import type { BodyBudget } from './body-budget.js';
import { isHttp2, isPlain, type NodeRequest, type ServerRequest, type ServerResponse } from './messages.js';

const empty = Buffer.alloc(0);

/** Whose body is read. */
export interface BodySource {
  readonly request: ServerRequest;
  readonly response: ServerResponse;
}

/** What a body must fit into. */
export interface BodyRoom {
  readonly limits: GatewayLimits;
  readonly bodies: BodyBudget;
}

/** Which bound a body is held to. */
export interface BodyBound {
  /** As the message names it. */
  readonly what: string;
  readonly name: 'payloadBytesMax' | 'sourceBytesMax' | 'spanBytesMax';
}

export const payloadBound: BodyBound = { what: 'payload', name: 'payloadBytesMax' };
export const sourceBound: BodyBound = { what: 'source', name: 'sourceBytesMax' };
export const spansBound: BodyBound = { what: 'export', name: 'spanBytesMax' };

/**
 * The whole body of a request. A body over its bound is refused by its announced length before a byte is read, else as
 * soon as the bound is passed. Rejects with resource_exhausted, or cancelled when the caller has gone.
 */
export function readBody(source: BodySource, room: BodyRoom, bound: BodyBound): Promise<Buffer> {
  const { request, response } = source;
  const bytesMax = room.limits[bound.name];
  const announced = announcedLength(request);
  if (announced === 0) return Promise.resolve(empty);
  if (announced !== undefined && announced > bytesMax) {
    return Promise.reject(tooLarge(bound.what, bound.name, bytesMax, announced));
  }
  if (isPlain(request)) return whole(request.body, response, room);
  if (request.headers.expect !== undefined) response.writeContinue();
  const over = (used: number) => tooLarge(bound.what, bound.name, bytesMax, used);
  return collect(request, response, room, over, bytesMax);
}

/** Rejects when the budget is used up, though the body is here: it will be held for as long as any other. */
async function whole(body: Buffer, response: ServerResponse, { bodies }: BodyRoom): Promise<Buffer> {
  if (response.destroyed) throw callerGone();
  bodies.take(body.length);
  response.once('close', () => bodies.giveBack(body.length));
  return body;
}

/** Bytes the request says it has; undefined when it does not say. */
function announcedLength(request: ServerRequest): number | undefined {
  const { headers } = request;
  const text = headers['content-length'];
  if (text !== undefined) return Number(text);
  if (isHttp2(request)) return request.stream.endAfterHeaders ? 0 : undefined;
  return headers['transfer-encoding'] === undefined ? 0 : undefined;
}

function collect(
  request: NodeRequest,
  response: ServerResponse,
  { bodies }: BodyRoom,
  over: (used: number) => RelaisError,
  bytesMax: number,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let more: Buffer[] | undefined;
    let bytes = 0;
    let isOver = false;
    // They stay: to take three listeners off each request would cost more than to hear of its close once more.
    request.on('data', take);
    request.on('end', done);
    request.on('close', gone);
    response.once('close', () => bodies.giveBack(bytes));

    function take(chunk: Buffer): void {
      if (isOver) return;
      try {
        if (bytes + chunk.length > bytesMax) throw over(bytes + chunk.length);
        bodies.take(chunk.length);
        bytes += chunk.length;
        if (!first) first = chunk;
        else if (more) more.push(chunk);
        else more = [first, chunk];
      } catch (error) {
        isOver = true;
        first = more = undefined;
        request.pause();
        reject(error);
      }
    }
    function done(): void {
      if (isOver) return;
      isOver = true;
      resolve(more ? Buffer.concat(more, bytes) : (first ?? empty));
    }
    function gone(): void {
      if (isOver) return;
      isOver = true;
      reject(callerGone());
    }
  });
}

function callerGone(): RelaisError {
  return new RelaisError('cancelled', 'The caller has gone.', { component: 'gateway' });
}
