import type { DescService } from '@bufbuild/protobuf';
import type { ConnectRouter } from '@connectrpc/connect';
import {
  backup,
  cluster,
  functions,
  health,
  invocation,
  keys,
  reflection,
  reflectionAlpha,
  secrets,
  traces,
} from '@relais/contracts/edge';
import type { GatewayLimits } from '../limits.js';
import { backupService } from './backup-service.js';
import { clusterService } from './cluster-service.js';
import { DescriptorIndex } from './descriptor-index.js';
import { functionService } from './function-service.js';
import { healthService } from './health-service.js';
import { invocationService, type invokeProcedure } from './invocation-service.js';
import { keyService } from './key-service.js';
import { reflectionAlphaService, reflectionService } from './reflection-service.js';
import { secretService } from './secret-service.js';
import type { EdgeShared } from './serve.js';
import { traceService } from './trace-service.js';

/** Every service there is. */
export const servedServices: readonly DescService[] = [
  functions.FunctionService,
  invocation.InvocationService,
  cluster.ClusterService,
  keys.KeyService,
  secrets.SecretService,
  traces.TraceService,
  backup.BackupService,
  health.Health,
  reflection.ServerReflection,
  reflectionAlpha.ServerReflection,
];

// What a message may need beyond its payload: names, config, framing.
const overheadBytes = 64 * 1024;

/** Puts every service on the router, Invoke as given. `stopped` ends what would otherwise go on for ever. */
export function addServices(
  router: ConnectRouter,
  shared: EdgeShared,
  invoke: ReturnType<typeof invokeProcedure>,
  stopped: AbortSignal,
): void {
  const index = new DescriptorIndex(servedServices);
  const bounded = (service: DescService) => ({ readMaxBytes: messageBytesMax(service, shared.limits) });
  router
    .service(functions.FunctionService, functionService(shared), bounded(functions.FunctionService))
    .service(
      invocation.InvocationService,
      invocationService(shared, invoke, stopped),
      bounded(invocation.InvocationService),
    )
    .service(cluster.ClusterService, clusterService(shared), bounded(cluster.ClusterService))
    .service(keys.KeyService, keyService(shared), bounded(keys.KeyService))
    .service(secrets.SecretService, secretService(shared), bounded(secrets.SecretService))
    .service(traces.TraceService, traceService(shared), bounded(traces.TraceService))
    .service(backup.BackupService, backupService(shared), bounded(backup.BackupService))
    .service(health.Health, healthService(shared, new Set(index.services), stopped), bounded(health.Health))
    .service(reflection.ServerReflection, reflectionService(index), bounded(reflection.ServerReflection))
    .service(
      reflectionAlpha.ServerReflection,
      reflectionAlphaService(index),
      bounded(reflectionAlpha.ServerReflection),
    );
}

/** Largest message a service takes: its payload as base64, and what is around it. */
export function messageBytesMax(service: DescService, limits: GatewayLimits): number {
  return Math.ceil((payloadBytesMax(service, limits) * 4) / 3) + overheadBytes;
}

function payloadBytesMax(service: DescService, limits: GatewayLimits): number {
  if (service.typeName === functions.FunctionService.typeName) return limits.sourceBytesMax;
  return service.typeName === invocation.InvocationService.typeName ? limits.payloadBytesMax : 0;
}
