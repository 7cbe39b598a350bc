import { RelaisError } from '../errors/relais-error.js';
import type { CallContext } from '../rpc/context.js';
import { isSampled, isTraceparent } from './traceparent.js';
import type { Tracer } from './tracer.js';

type Call = (request: unknown, context: CallContext) => Promise<unknown>;

/**
 * The methods of a service that the definitions name, each with a span "NAME METHOD" in the trace of its caller. A call that
 * belongs to no sampled trace has none, and begins none.
 */
export function tracedService<Service extends object>(
  name: string,
  definitions: readonly Readonly<Record<string, { readonly path: string }>>[],
  service: Service,
  tracer: Tracer,
): Service {
  const methods = definitions.flatMap((definition) => Object.entries(definition));
  return Object.fromEntries(
    methods.map(([method, { path }]) => {
      const call: Call = (service as Record<string, Call>)[method]?.bind(service) ?? absent;
      return [method, traced(`${name} ${method}`, path, call, tracer)];
    }),
  ) as Service;
}

function traced(name: string, path: string, call: Call, tracer: Tracer): Call {
  const [, service = '', method = ''] = path.split('/');
  const attributes = { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method };
  return async (request, context) => {
    const { traceparent: parent } = context;
    if (!isTraceparent(parent) || !isSampled(parent)) return call(request, context);
    const span = tracer.start(name, { kind: 'server', parent, attributes });
    try {
      const answer = await call(request, { ...context, traceparent: span.traceparent });
      span.end();
      return answer;
    } catch (error) {
      span.end(RelaisError.from(error));
      throw error;
    }
  };
}

async function absent(): Promise<never> {
  throw new RelaisError('unimplemented', 'There is no such method.');
}
