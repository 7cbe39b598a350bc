import { rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Balancer } from '@relais/balancer';
import { Gateway } from '@relais/gateway';
import {
  type Clock,
  type Component,
  ComponentGroup,
  type GrpcServer,
  type Logger,
  randomHex,
  type Telemetry,
} from '@relais/kit';
import { FunctionStore, LevelBackend } from '@relais/storage';
import type { PlatformConfig } from '../config/schema.js';
import { logTo } from '../observability.js';
import { Supervisor } from '../supervisor/supervisor.js';
import { releaseVersion } from '../version.js';
import {
  type BalancerPeer,
  localBalancer,
  localStorage,
  remoteBalancer,
  remoteStorage,
  type StoragePeer,
} from './peers.js';
import { balancerServer, storageServer, workerDoor } from './servers.js';
import { workerFleet } from './worker-fleet.js';

const workerMain = fileURLToPath(new URL('../worker/main.js', import.meta.url));
const workersReadyMsMax = 20_000;
const workersReadyPollMs = 20;

/** The roles of one process, wired. */
export interface Composition {
  /** All of them, in order of start. */
  readonly group: Component;
  /** Resolves when a request would succeed; call it after start. */
  ready(): Promise<void>;
  /** What answers where, for the ready line; call it after start. */
  describe(): string;
}

/**
 * Wires the roles that `config` names. A role gets the object of another that runs here, or a client of the same
 * interface for one that runs elsewhere; only this function knows which.
 */
export function compose(config: PlatformConfig, clock: Clock, telemetry: Telemetry): Composition {
  const loggerOf = (component: string) => logTo(component, config.logLevel);
  const has = (role: PlatformConfig['roles'][number]) => config.roles.includes(role);
  const calls = has('gateway') || has('worker');
  const members: Component[] = [];

  const store = has('storage') ? makeStore(config, clock, loggerOf('storage')) : undefined;
  const balancer = has('balancer') ? makeBalancer(config, clock, telemetry, loggerOf('balancer')) : undefined;
  if (store) members.push(store);
  if (balancer) members.push(balancer);

  const servers = makeServers(config, store, balancer, loggerOf('rpc'));
  members.push(...servers);

  let gateway: Gateway | undefined;
  let balancerPeer: BalancerPeer | undefined;
  if (calls) {
    const storagePeer: StoragePeer = store ? localStorage(store) : remoteStorage(config);
    balancerPeer = balancer ? localBalancer(balancer) : remoteBalancer(config, clock, loggerOf('dispatch'));
    members.push(...storagePeer.components, ...balancerPeer.components);
    if (has('worker'))
      members.push(...makeWorkers(config, store, balancer, balancerPeer, clock, loggerOf('supervisor')));
    if (has('gateway')) {
      gateway = new Gateway({
        host: config.host,
        port: config.port,
        storage: storagePeer.storage,
        dispatch: balancerPeer.dispatch,
        fleet: balancerPeer.fleet,
        clock,
        logger: loggerOf('gateway'),
        tracer: telemetry.tracer('gateway'),
        version: releaseVersion,
      });
      members.push(gateway);
    }
  }

  const fleet = balancerPeer?.fleet;
  return {
    group: new ComponentGroup('platform', members),
    ready: async () => {
      if (fleet && has('worker')) await workersReady(fleet, config.workers, clock);
    },
    describe: () => describe(config, gateway, servers),
  };
}

function makeStore(config: PlatformConfig, clock: Clock, logger: Logger): FunctionStore {
  return new FunctionStore({ backend: new LevelBackend({ directory: config.data }), clock, logger });
}

function makeBalancer(config: PlatformConfig, clock: Clock, telemetry: Telemetry, logger: Logger): Balancer {
  return new Balancer({
    clock,
    logger,
    tracer: telemetry.tracer('balancer'),
    strategy: config.strategy,
    random: Math.random,
    bounds: { queueLengthMax: config.queueLengthMax },
  });
}

function makeServers(
  config: PlatformConfig,
  store: FunctionStore | undefined,
  balancer: Balancer | undefined,
  logger: Logger,
): GrpcServer[] {
  const servers: GrpcServer[] = [];
  if (store && config.storageListen) servers.push(storageServer(config, store, logger));
  if (balancer && config.balancerListen) servers.push(balancerServer(config, balancer, logger));
  return servers;
}

function makeWorkers(
  config: PlatformConfig,
  store: FunctionStore | undefined,
  balancer: Balancer | undefined,
  peer: BalancerPeer,
  clock: Clock,
  logger: Logger,
): Component[] {
  const door = store || balancer ? new DoorFolder() : undefined;
  const host = hostname();
  const peers = {
    balancerAddress: balancer && door ? door.address : config.balancer,
    storageAddress: store && door ? door.address : config.storage,
  };
  const workers = workerFleet(config, peers, host);
  const supervisor = new Supervisor({ host, workerMain, workers, dial: peer.supervise, clock, logger });
  return door ? [door, workerDoor(door.address, { balancer, store }, logger), supervisor] : [supervisor];
}

/** Takes away the private folder of the worker door's socket, which the server makes when it starts. */
class DoorFolder implements Component {
  readonly name = 'worker door folder';
  readonly #folder = join(tmpdir(), `relais-${randomHex(8)}`);
  readonly address = `unix:${join(this.#folder, 'workers.sock')}`;

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function workersReady(fleet: BalancerPeer['fleet'], wanted: number, clock: Clock): Promise<void> {
  const endMs = clock.nowMs() + workersReadyMsMax;
  for (;;) {
    const { workersReady: ready } = await fleet.getStatus({}, { budgetMs: workersReadyMsMax });
    if (ready >= wanted || clock.nowMs() > endMs) return;
    await new Promise<void>((resolve) => setTimeout(resolve, workersReadyPollMs));
  }
}

function describe(config: PlatformConfig, gateway: Gateway | undefined, servers: readonly GrpcServer[]): string {
  const addresses = servers.map((server) => `${server.name}=${server.boundAddress}`);
  const roles = config.roles.map((role) => (role === 'worker' ? `${config.workers} workers` : role));
  return [...(gateway ? [gateway.url] : []), ...addresses, `(${roles.join(', ')})`].join(' ');
}
