import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { createContextKey, type HandlerContext } from '@connectrpc/connect';
import { type Clock, RelaisError, type Span, type Tracer, traceIdOf } from '@relais/kit';
import type { Caller } from '../core/caller.js';
import type { Core } from '../core/core.js';
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

/** Names of the only functions the request's key is good for. */
export const functionsKey = createContextKey<ReadonlySet<string> | undefined>(undefined);

/** What an implementation of an RPC sees beside its request. */
export interface EdgeCall {
  readonly caller: Caller;
  /** Names the invocation in the answer's headers, and it and its function in the span. */
  invoked(invocationId: string, functionName: string): void;
}

/** Makes a unary RPC of a use case: a span around it, its failures translated, ids in the answer's headers. */
export function serve<I extends DescMessage, O extends DescMessage>(
  shared: EdgeShared,
  method: DescMethodUnary<I, O>,
  run: (request: MessageShape<I>, call: EdgeCall) => Promise<MessageInitShape<O>>,
): (request: MessageShape<I>, context: HandlerContext) => Promise<MessageInitShape<O>> {
  const name = `${method.parent.typeName}/${method.name}`;
  const { figures } = shared.core;
  return async (request, context) => {
    context.values.set(begunKey, true);
    const span = begin(shared.tracer, name, method, context);
    try {
      const { signal, values } = context;
      const functions = values.get(functionsKey);
      const caller = { traceparent: span.traceparent, signal, budgetMs: context.timeoutMs(), functions };
      const output = await run(request, { caller, invoked: (id, called) => mark(span, context, id, called) });
      context.responseHeader.set('traceparent', span.traceparent);
      figures.answered(name, 'ok');
      span.end();
      return output;
    } catch (error) {
      const failure = inTime(RelaisError.from(error), context).with({ traceId: traceIdOf(span.traceparent) });
      if (failure.fault === 'platform') shared.report(failure, name);
      figures.answered(name, failure.code);
      if (failure.fields.limit) figures.limitHit(failure.fields.limit.name);
      if (span.recording && failure.fields.invocationId) {
        span.set({ 'faas.invocation_id': failure.fields.invocationId });
      }
      span.end(failure);
      throw toConnectError(failure, span.traceparent);
    }
  };
}

function begin(
  tracer: Tracer,
  name: string,
  method: { name: string; parent: { typeName: string } },
  context: HandlerContext,
): Span {
  const attributes = {
    'rpc.system': context.protocolName,
    'rpc.service': method.parent.typeName,
    'rpc.method': method.name,
    'http.request.method': context.requestMethod,
  };
  const parent = context.requestHeader.get('traceparent') ?? undefined;
  return tracer.start(name, { kind: 'server', parent, attributes });
}

function mark(span: Span, context: HandlerContext, invocationId: string, functionName: string): void {
  context.responseHeader.set('x-relais-invocation-id', invocationId);
  if (span.recording) span.set({ 'faas.invocation_id': invocationId, 'faas.name': functionName });
}

// The caller's own deadline arrives as a cancellation; it reads better as what it is.
function inTime(failure: RelaisError, context: HandlerContext): RelaisError {
  const leftMs = context.timeoutMs();
  if (failure.code !== 'cancelled' || leftMs === undefined || leftMs > 0) return failure;
  const message = 'The deadline that came with the request has passed.';
  return new RelaisError('deadline_exceeded', message, {
    ...failure.fields,
    reason: 'caller_deadline',
    fault: 'caller',
  });
}
