import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import type { OutputPart } from '@relais/contracts';
import { invocation } from '@relais/contracts/edge';
import { newTraceparent, RelaisError } from '@relais/kit';
import { invalid } from '../core/failures.js';
import type { StreamedOutput } from '../core/streamed-output.js';
import { toConnectError } from './connect-error.js';
import { keptAlive } from './kept-alive.js';
import { OutputChunks, outputOf, payloadOf } from './payload.js';
import {
  begunKey,
  type EdgeCall,
  type EdgeShared,
  grantKey,
  serve,
  serveStream,
  type UnaryProcedure,
} from './serve.js';

const { invoke, invokeStream } = invocation.InvocationService.method;

type StreamEvent = MessageInitShape<typeof invocation.InvokeStreamResponseSchema>;
type Output = invocation.OutputChunk['output'];

/** The procedure Invoke. */
export function invokeProcedure(shared: EdgeShared): UnaryProcedure<typeof invoke.input, typeof invoke.output> {
  return serve(shared, invoke, async (request, call) => {
    const input = inputOf(request);
    const result = await shared.core.invoke.run(input, call.caller);
    const { durationMs, functionName, invocationId, logs, logsTruncated, timings } = result;
    call.invoked(invocationId, functionName);
    const output = outputOf(result.output, request.payload.case);
    return { invocationId, durationMs, logs, logsTruncated, timings, output };
  });
}

/** relais.v1.InvocationService over the use cases, with its Invoke as given. */
export function invocationService(
  shared: EdgeShared,
  invokeOnce: ReturnType<typeof invokeProcedure>,
  stopped: AbortSignal,
): ServiceImpl<typeof invocation.InvocationService> {
  return {
    invoke: invokeOnce,
    invokeStream: serveStream(shared, invokeStream, (request, call) => streamOf(shared, request, call)),
    async *tailLogs(request, context) {
      const traceparent = newTraceparent(false);
      const caller = { traceparent, functions: context.values.get(grantKey).functions };
      context.values.set(begunKey, true);
      const left = new AbortController();
      const lines = shared.core.logTail.follow(
        request,
        caller,
        AbortSignal.any([context.signal, stopped, left.signal]),
      );
      try {
        for await (const line of keptAlive(lines, shared.clock, shared.limits.eventStreamIdleMs, 0)) yield line ?? {};
      } catch (error) {
        throw toConnectError(RelaisError.from(error), traceparent);
      } finally {
        left.abort();
      }
    },
  };
}

async function* streamOf(
  { clock, core, limits }: EdgeShared,
  request: invocation.InvokeStreamRequest,
  call: EdgeCall,
): AsyncGenerator<StreamEvent> {
  const streamed = await core.invoke.start(inputOf(request), call.caller);
  call.invoked(streamed.invocationId, streamed.functionName);
  streamed.end.catch(() => call.failed());
  const form = request.payload.case;
  const chunks = new OutputChunks(form);
  try {
    const { eventStreamIdleMs: idleMs } = limits;
    for await (const part of keptAlive(partsOf(streamed), clock, idleMs, idleMs)) {
      // Clients and proxies take a stream that is silent for minutes for dead.
      if (part) yield* chunkOf(chunks.next(part.data));
      else yield {};
    }
    const { durationMs, invocationId, logs, logsTruncated, output, timings } = await streamed.end;
    yield* chunkOf(output.length > 0 ? outputOf(output, form) : chunks.rest());
    yield { event: { case: 'end', value: { invocationId, durationMs, logs, logsTruncated, timings } } };
  } finally {
    streamed.cancel();
  }
}

function partsOf(streamed: StreamedOutput): AsyncIterator<OutputPart, undefined> {
  return {
    async next() {
      const value = await streamed.next();
      return value ? { done: false, value } : { done: true, value };
    },
  };
}

function* chunkOf(output: Output | undefined): Generator<StreamEvent> {
  if (output) yield { event: { case: 'chunk', value: { output } } };
}

function inputOf(request: Pick<invocation.InvokeRequest, 'function' | 'payload'>) {
  if (request.function === '') throw invalid('missing_function', 'Say which function: {"function":"NAME"}.');
  return { function: request.function, payload: payloadOf(request.payload) };
}
