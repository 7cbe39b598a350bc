import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import { type ConnectError, createContextKey, type HandlerContext } from '@connectrpc/connect';
import { type CancelSignal, type Clock, RelaisError, type Span, type Tracer, traceIdOf } from '@relais/kit';
import type { Grant } from '../access/key-check.js';
import type { Caller } from '../core/caller.js';
import type { Core } from '../core/core.js';
import { callerDeadline } from '../core/failures.js';
import { isWorthKeeping } from '../core/tail-keeper.js';
import { tracestateOf } from '../core/tracestate.js';
import type { GatewayLimits } from '../limits.js';
import { toConnectError } from './connect-error.js';

/** What every RPC of one gateway shares. */
export interface EdgeShared {
  readonly core: Core;
  readonly limits: GatewayLimits;
  readonly clock: Clock;
  readonly tracer: Tracer;
  /** Told of every failure that is the platform's fault. */
  readonly report: (failure: RelaisError, route: string) => void;
}

/** Whether the procedure of a request has been called; until then a failure is of the request. */
export const begunKey = createContextKey(false);

/** What the request's key lets it do. */
export const grantKey = createContextKey<Grant>({});

/** Ends the connection or stream of a request whose answer has not gone out. */
export const cutKey = createContextKey(() => {});

/** Of what the RPC library knows of a call, what is needed here. */
export interface RpcContext extends Pick<HandlerContext, 'values' | 'timeoutMs' | 'requestMethod'> {
  readonly signal: CancelSignal;
  readonly protocolName: string;
  readonly requestHeader: Pick<Headers, 'get'>;
  readonly responseHeader: Pick<Headers, 'set'>;
}

/** A procedure that answers once; rejects with a ConnectError. */
export type UnaryProcedure<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  context: RpcContext,
) => Promise<MessageInitShape<O>>;

/** What an implementation of an RPC sees beside its request. */
export interface EdgeCall {
  readonly caller: Caller;
  /** Names the invocation in the answer's headers, and it and its function in the span. */
  invoked(invocationId: string, functionName: string): void;
  /** The call has failed: a caller that does not read the rest of its stream is cut off soon. */
  failed(): void;
}

/** Makes a unary RPC of a use case: a span around it, its failures translated, ids in the answer's headers. */
export function serve<I extends DescMessage, O extends DescMessage>(
  shared: EdgeShared,
  method: DescMethodUnary<I, O>,
  run: (request: MessageShape<I>, call: EdgeCall) => Promise<MessageInitShape<O>>,
): UnaryProcedure<I, O> {
  const name = `${method.parent.typeName}/${method.name}`;
  const { figures } = shared.core;
  return async (request, context) => {
    context.values.set(begunKey, true);
    const span = begin(shared.tracer, name, context, parentOf(context));
    try {
      const output = await run(request, callOf(shared, span, context));
      context.responseHeader.set('traceparent', span.traceparent);
      figures.answered(name, 'ok');
      span.end();
      return output;
    } catch (error) {
      throw failed(shared, name, span, inTime(RelaisError.from(error), context));
    }
  };
}

/** The same of a server-streaming RPC. When a caller does not read the end of a stream that failed, it is cut off. */
export function serveStream<I extends DescMessage, O extends DescMessage>(
  shared: EdgeShared,
  method: DescMethodServerStreaming<I, O>,
  run: (request: MessageShape<I>, call: EdgeCall) => AsyncIterable<MessageInitShape<O>>,
): (request: MessageShape<I>, context: HandlerContext) => AsyncGenerator<MessageInitShape<O>> {
  const name = `${method.parent.typeName}/${method.name}`;
  const { figures } = shared.core;
  return async function* (request, context) {
    context.values.set(begunKey, true);
    const span = begin(shared.tracer, name, context, parentOf(context));
    context.responseHeader.set('traceparent', span.traceparent);
    let failure: ConnectError | undefined;
    try {
      yield* run(request, callOf(shared, span, context));
    } catch (error) {
      failure = failed(shared, name, span, inTime(RelaisError.from(error), context));
      throw failure;
    } finally {
      // Also when the caller has gone, and nothing more is asked for.
      if (!failure) {
        figures.answered(name, 'ok');
        span.end();
      }
    }
  };
}

function callOf({ clock, limits }: EdgeShared, span: Span, context: RpcContext): EdgeCall {
  const { requestHeader, signal, values } = context;
  const tracestate = tracestateOf(requestHeader.get('tracestate') ?? undefined);
  const { functions, keyId } = values.get(grantKey);
  const budgetMs = context.timeoutMs();
  return {
    caller: { traceparent: span.traceparent, tracestate, span, signal, budgetMs, functions, keyId },
    invoked: (invocationId, functionName) => mark(span, context, invocationId, functionName),
    failed: () => void clock.after(limits.failedStreamMs, values.get(cutKey)),
  };
}

function parentOf({ requestHeader }: RpcContext): string | undefined {
  return requestHeader.get('traceparent') ?? undefined;
}

/** The span of an RPC. */
export function begin(
  tracer: Tracer,
  name: string,
  { protocolName, requestMethod }: Pick<RpcContext, 'protocolName' | 'requestMethod'>,
  parent: string | undefined,
): Span {
  const attributes = {
    'rpc.system.name': protocolName === 'connect' ? 'connectrpc' : 'grpc',
    'rpc.method': name,
    'http.request.method': requestMethod,
  };
  return tracer.start(name, { kind: 'server', parent, attributes });
}

/** Ends the span of an RPC that failed, and counts it; what its caller is told. */
export function failed({ core, report }: EdgeShared, name: string, span: Span, cause: RelaisError): ConnectError {
  const failure = cause.with({ traceId: traceIdOf(span.traceparent) });
  const { invocationId, limit } = failure.fields;
  if (failure.fault === 'platform') report(failure, name);
  core.figures.answered(name, failure.code);
  if (limit) core.figures.limitHit(limit.name);
  if (isWorthKeeping(failure)) span.keep();
  if (span.recording) {
    span.set({ 'rpc.response.status_code': failure.code });
    if (invocationId) span.set({ 'faas.invocation.id': invocationId });
  }
  span.end(failure);
  return toConnectError(failure, span.traceparent);
}

function mark(span: Span, context: RpcContext, invocationId: string, functionName: string): void {
  context.responseHeader.set('x-relais-invocation-id', invocationId);
  if (span.recording) {
    span.set({ 'faas.invocation.id': invocationId, 'faas.name': functionName });
  }
}

// The caller's own deadline arrives as a cancellation; it reads better as what it is.
function inTime(failure: RelaisError, context: RpcContext): RelaisError {
  const leftMs = context.timeoutMs();
  if (failure.code !== 'cancelled' || leftMs === undefined || leftMs > 0) return failure;
  return callerDeadline(failure);
}
