import type { ServiceImpl } from '@connectrpc/connect';
import { invocation } from '@relais/contracts/edge';
import { invalid } from '../core/failures.js';
import { outputOf, payloadOf } from './payload.js';
import { type EdgeShared, serve } from './serve.js';

/** relais.v1.InvocationService over the use cases. */
export function invocationService(shared: EdgeShared): ServiceImpl<typeof invocation.InvocationService> {
  const { invoke } = shared.core;
  return {
    invoke: serve(shared, invocation.InvocationService.method.invoke, async (request, call) => {
      if (request.function === '') throw invalid('missing_function', 'Say which function: {"function":"NAME"}.');
      const input = { function: request.function, payload: payloadOf(request.payload) };
      const { functionName, output, http: _, ...told } = await invoke.run(input, call.caller);
      call.invoked(told.invocationId, functionName);
      return { ...told, output: outputOf(output, request.payload.case) };
    }),
  };
}
