import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { HandlersOf, RpcDefinition, RpcMethod } from './definition.js';
import { type LinkFunction, linkHandler } from './link-handler.js';
import type { ServiceHost } from './service-host.js';
import { type UnaryFunction, unaryHandler } from './unary-handler.js';

/** A service and who implements it, ready for a server. */
export interface ServiceRegistration {
  /** Fully qualified, for example "relais.internal.v1.StorageService". */
  readonly serviceName: string;
  bind(host: ServiceHost): { definition: ServiceDefinition; implementation: UntypedServiceImplementation };
}

/**
 * Joins a generated definition with its implementation: unary methods as ServiceOf has them, two-way streams as functions
 * that are handed a Link. `component` is the role named in failures that name none.
 */
export function registration<Definition extends RpcDefinition>(
  definition: Definition,
  handlers: HandlersOf<NoInfer<Definition>>,
  component: string,
): ServiceRegistration {
  const functions = handlers as unknown as Readonly<Record<string, UnaryFunction & LinkFunction>>;
  return {
    serviceName: serviceNameOf(definition),
    bind(host) {
      const served: Record<string, ServiceDefinition[string]> = {};
      const implementation: UntypedServiceImplementation = {};
      for (const [name, method] of Object.entries(definition)) {
        const run = functions[name]?.bind(functions);
        if (!run) continue;
        const { path } = method;
        served[name] = servedMethod(method);
        implementation[name] = isLink(method)
          ? linkHandler(run, { path, serialize: method.responseSerialize }, component, host)
          : unaryHandler(run, path, component, host);
      }
      return { definition: served, implementation };
    },
  };
}

function isLink(method: RpcMethod): boolean {
  return method.requestStream && method.responseStream;
}

// A link serializes what it sends itself, to know its size; grpc-js then gets bytes.
function servedMethod(method: RpcMethod): ServiceDefinition[string] {
  const responseSerialize = isLink(method) ? (bytes: Buffer) => bytes : method.responseSerialize;
  return { ...method, responseSerialize } as ServiceDefinition[string];
}

function serviceNameOf(definition: RpcDefinition): string {
  return Object.values(definition)[0]?.path.split('/')[1] ?? '';
}
