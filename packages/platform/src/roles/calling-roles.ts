import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Gateway } from '@relais/gateway';
import type { Component, MetricSource } from '@relais/kit';
import { needsKeys } from '../config/key-settings.js';
import { secretsKeyPath } from '../config/secrets-settings.js';
import { SecretsKeyFile } from '../secrets/secrets-key-file.js';
import { Supervisor } from '../supervisor/supervisor.js';
import { releaseVersion } from '../version.js';
import type { CalledRoles } from './called-roles.js';
import {
  type BalancerPeer,
  localBalancer,
  localStorage,
  type Peers,
  remoteBalancer,
  remoteStorage,
  type StoragePeer,
} from './peers.js';
import { RunFolder } from './run-folder.js';
import { SandboxSearch } from './sandbox-search.js';
import { workerDoor } from './servers.js';
import { runs, type Surroundings } from './surroundings.js';
import { workerDoors } from './worker-doors.js';
import { workerFleet } from './worker-fleet.js';

const workerMain = fileURLToPath(new URL('../worker/main.js', import.meta.url));
const threadsMain = fileURLToPath(new URL('../worker/threads-main.js', import.meta.url));

/** The roles that call others, where they run in this process, with what they call. */
export interface CallingRoles {
  readonly gateway: Gateway | undefined;
  /** Absent when no role here calls others. */
  readonly peers: Peers | undefined;
  /** The figures of the worker processes that are looked after here. */
  readonly workerFigures: MetricSource | undefined;
  /** All of them, in order of start. */
  readonly components: readonly Component[];
}

/** A role gets the object of another that runs here, or a client of the same interface for one that runs elsewhere. */
export function callingRoles(surroundings: Surroundings, called: CalledRoles): CallingRoles {
  const { clock, config, loggerOf, telemetry } = surroundings;
  const needed = runs(surroundings, 'gateway') || runs(surroundings, 'worker');
  if (!needed) return { gateway: undefined, peers: undefined, workerFigures: undefined, components: [] };
  const storage = called.store ? localStorage(called.store) : remoteStorage(config, telemetry.carrier);
  const balancer = called.balancer
    ? localBalancer(called.balancer)
    : remoteBalancer(config, clock, loggerOf('dispatch'));
  const workers = runs(surroundings, 'worker') ? makeWorkers(surroundings, called, balancer) : undefined;
  const workerFigures = workers?.supervisor;
  const shown = { families: () => [...surroundings.metrics.families(), ...(workerFigures?.families() ?? [])] };
  const secretsKey = new SecretsKeyFile(secretsKeyPath(config), config.secretsKey);
  const gateway = runs(surroundings, 'gateway')
    ? makeGateway(surroundings, storage, balancer, { metricsShown: shown, secretsKey })
    : undefined;
  const channels = [...storage.components, ...balancer.components];
  return {
    gateway,
    peers: { storage, balancer },
    workerFigures,
    components: [...channels, ...(workers?.components ?? []), ...(gateway ? [secretsKey, gateway] : [])],
  };
}

function makeGateway(
  { clock, config, loggerOf, metrics, telemetry }: Surroundings,
  { storage }: StoragePeer,
  { dispatch, fleet }: BalancerPeer,
  shared: { readonly metricsShown: MetricSource; readonly secretsKey: SecretsKeyFile },
): Gateway {
  return new Gateway({
    host: config.host,
    port: config.port,
    publicHosts: config.publicHosts,
    tls: config.tlsCert === '' ? undefined : { cert: config.tlsCert, key: config.tlsKey },
    keys: needsKeys(config) ? { adminKey: config.adminKey } : undefined,
    storage,
    dispatch,
    fleet,
    clock,
    logger: loggerOf('gateway'),
    tracer: telemetry.tracer('gateway'),
    version: releaseVersion,
    metrics,
    ...shared,
    networkHost: config.networkHost === 'allow',
    accessLog: config.accessLog,
    carrier: telemetry.carrier,
    traces: telemetry.traces,
    intake: telemetry.intake,
    limits: { slowCallMs: config.traceSlowMs },
  });
}

function makeWorkers(
  surroundings: Surroundings,
  called: CalledRoles,
  { supervise }: BalancerPeer,
): { readonly supervisor: Supervisor; readonly components: Component[] } {
  const { clock, config, loggerOf, metrics } = surroundings;
  const { store, balancer } = called;
  const folder = new RunFolder();
  const socketDirectory = join(folder.path, 'door');
  const doorAddress = `unix:${join(socketDirectory, 'workers.sock')}`;
  const host = hostname();
  const peers = {
    balancerAddress: balancer ? doorAddress : config.balancer,
    storageAddress: store ? doorAddress : config.storage,
  };
  const doors = workerDoors(socketDirectory, peers);
  const logger = loggerOf('supervisor');
  const sandbox = new SandboxSearch({
    config,
    directory: join(folder.path, 'sandbox'),
    searchPath: process.env.PATH ?? '',
    logger,
    clock,
  });
  const supervisor = new Supervisor({
    host,
    workerMain,
    threadsMain,
    kinds: workerFleet(config, peers, host),
    scratchFolder: folder.path,
    sandbox: () => sandbox.found.state,
    confinement: () => {
      const { groups, sandbox: found } = sandbox.found;
      const { threadGroups } = sandbox;
      return found.confines ? { sandbox: found, socketDirectory, peers: doors.peers, groups, threadGroups } : undefined;
    },
    leftToOthers: () => sandbox.threadGroups?.leftToOthers ?? [],
    dial: supervise,
    clock,
    logger,
    metrics,
  });
  const door = store || balancer ? [workerDoor(doorAddress, { store, balancer }, logger)] : [];
  return { supervisor, components: [folder, sandbox, ...door, ...doors.bridges, supervisor] };
}
