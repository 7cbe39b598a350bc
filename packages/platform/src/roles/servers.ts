import { readFileSync } from 'node:fs';
import type { Balancer } from '@relais/balancer';
import {
  ArtifactServiceService,
  BalancerServiceService,
  descriptorSetUrl,
  FleetServiceService,
  StorageServiceService,
} from '@relais/contracts';
import {
  GrpcServer,
  type Logger,
  registration,
  type ServiceRegistration,
  type SpanCarrier,
  serveExchange,
} from '@relais/kit';
import type { PlatformConfig } from '../config/schema.js';
import type { StorageServices } from './called-roles.js';
import { dispatchAnsweringCodec } from './dispatch-codec.js';
import { tokenOf } from './peers.js';

/** The longest a function may run, and some: a worker's loop answers no ping while it runs one. */
const blockedLoop = { timeMs: 10_000, timeoutMs: 905_000 };

/** What this process's own workers may reach: a place in the fleet and what is immutable, nothing else. */
export function workerDoor(
  address: string,
  local: { balancer: Balancer | undefined; store: StorageServices | undefined },
  logger: Logger,
): GrpcServer {
  const { balancer, store } = local;
  const registrations: ServiceRegistration[] = [];
  if (balancer) {
    const definition = { attach: BalancerServiceService.attach };
    registrations.push(registration(definition, { attach: (link) => balancer.attachWorker(link) }, 'balancer'));
  }
  if (store) registrations.push(registration(ArtifactServiceService, store, 'storage'));
  return new GrpcServer({ name: 'worker door', address, registrations, descriptorSet: descriptorSet(), logger });
}

/** The balancer for roles in other processes. */
export function balancerServer(config: PlatformConfig, balancer: Balancer, logger: Logger): GrpcServer {
  const links = {
    dispatch: (link, { draining }) => serveExchange(link, balancer, dispatchAnsweringCodec, { logger, draining }),
    attach: (link) => balancer.attachWorker(link),
    supervise: (link) => balancer.attachSupervisor(link),
  } satisfies Parameters<typeof registration<typeof BalancerServiceService>>[1];
  return new GrpcServer({
    name: 'balancer',
    address: config.balancerListen,
    ...tokenOf(config),
    registrations: [
      registration(BalancerServiceService, links, 'balancer'),
      registration(FleetServiceService, balancer, 'balancer'),
    ],
    descriptorSet: descriptorSet(),
    logger,
    keepalive: blockedLoop,
  });
}

/** Storage for roles in other processes. */
export function storageServer(
  config: PlatformConfig,
  store: StorageServices,
  logger: Logger,
  carrier: SpanCarrier,
): GrpcServer {
  return new GrpcServer({
    name: 'storage',
    address: config.storageListen,
    ...tokenOf(config),
    registrations: [
      registration(StorageServiceService, store, 'storage'),
      registration(ArtifactServiceService, store, 'storage'),
    ],
    descriptorSet: descriptorSet(),
    logger,
    carrier,
  });
}

function descriptorSet(): Buffer {
  return readFileSync(descriptorSetUrl);
}
