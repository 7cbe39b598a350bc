import { Balancer } from '@relais/balancer';
import { ArtifactServiceService, StorageServiceService } from '@relais/contracts';
import { type Component, type GrpcServer, type ServiceOf, tracedService } from '@relais/kit';
import { FunctionStore, LevelBackend } from '@relais/storage';
import { storageDirectory } from '../config/storage-directory.js';
import { balancerServer, storageServer } from './servers.js';
import { runs, type Surroundings } from './surroundings.js';

/** Storage as other roles see it. */
export type StorageServices = ServiceOf<typeof StorageServiceService> & ServiceOf<typeof ArtifactServiceService>;

/** The roles others call, where they run in this process, and the servers that let other processes call them. */
export interface CalledRoles {
  readonly store: StorageServices | undefined;
  readonly balancer: Balancer | undefined;
  readonly servers: readonly GrpcServer[];
  /** All of them, in order of start. */
  readonly components: readonly Component[];
}

export function calledRoles(surroundings: Surroundings): CalledRoles {
  const { config, loggerOf, telemetry } = surroundings;
  const { store, components: storage } = makeStorage(surroundings);
  const balancer = runs(surroundings, 'balancer') ? makeBalancer(surroundings) : undefined;
  const servers: GrpcServer[] = [];
  if (store && config.storageListen) servers.push(storageServer(config, store, loggerOf('storage'), telemetry.carrier));
  if (balancer && config.balancerListen) servers.push(balancerServer(config, balancer, loggerOf('balancer')));
  // The balancer stops before its server: it lets its workers go, and the server has nothing left to wait for.
  return { store, balancer, servers, components: [...storage, ...servers, ...(balancer ? [balancer] : [])] };
}

function makeStorage(surroundings: Surroundings): Pick<CalledRoles, 'store' | 'components'> {
  if (!runs(surroundings, 'storage')) return { store: undefined, components: [] };
  const { clock, config, loggerOf, metrics, telemetry } = surroundings;
  const backend = new LevelBackend({ directory: storageDirectory(config.data), metrics });
  const store = new FunctionStore({ backend, clock, logger: loggerOf('storage'), metrics });
  const definitions = [StorageServiceService, ArtifactServiceService];
  const traced = tracedService<StorageServices>('storage', definitions, store, telemetry.tracer('storage'));
  return { store: traced, components: [backend, store] };
}

function makeBalancer({ clock, config, loggerOf, metrics, telemetry }: Surroundings): Balancer {
  return new Balancer({
    clock,
    logger: loggerOf('balancer'),
    tracer: telemetry.tracer('balancer'),
    strategy: config.strategy,
    random: Math.random,
    metrics,
    carrier: telemetry.carrier,
    bounds: { queueLengthMax: config.queueLengthMax, workerIdleMs: config.workersIdleMs },
  });
}
