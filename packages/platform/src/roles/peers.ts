import type { Balancer } from '@relais/balancer';
import type {
  DispatchRequest,
  DispatchResponse,
  Job,
  JobResult,
  OutputPart,
  SuperviseRequest,
  SuperviseResponse,
} from '@relais/contracts';
import { BalancerServiceService, FleetServiceService, StorageServiceService } from '@relais/contracts';
import {
  type Clock,
  type Component,
  type Dial,
  type Exchange,
  GrpcChannel,
  LinkExchange,
  type Logger,
  memoryLinkPair,
  type ServiceOf,
  type SpanCarrier,
} from '@relais/kit';
import type { PlatformConfig } from '../config/schema.js';
import { dispatchAskingCodec } from './dispatch-codec.js';

/** The balancer as its callers see it, here or elsewhere. */
export interface BalancerPeer {
  readonly dispatch: Exchange<Job, JobResult, OutputPart>;
  readonly fleet: ServiceOf<typeof FleetServiceService>;
  readonly supervise: Dial<SuperviseRequest, SuperviseResponse>;
  /** What must run for it, in order of start. */
  readonly components: readonly Component[];
}

/** Storage as its callers see it, here or elsewhere. */
export interface StoragePeer {
  readonly storage: ServiceOf<typeof StorageServiceService>;
  readonly components: readonly Component[];
}

/** What the calling roles of a process call. */
export interface Peers {
  readonly balancer: BalancerPeer;
  readonly storage: StoragePeer;
}

export function localBalancer(balancer: Balancer): BalancerPeer {
  return {
    dispatch: balancer,
    fleet: balancer,
    supervise: async () => {
      const [ours, theirs] = memoryLinkPair<SuperviseRequest, SuperviseResponse>('balancer', 'supervisor');
      balancer.attachSupervisor(theirs);
      return ours;
    },
    components: [],
  };
}

export function remoteBalancer(config: PlatformConfig, clock: Clock, logger: Logger): BalancerPeer {
  const channel = new GrpcChannel({ name: 'balancer', address: config.balancer, ...tokenOf(config) });
  const dispatch = new LinkExchange<Job, JobResult, DispatchRequest, DispatchResponse, OutputPart>({
    name: 'dispatch',
    dial: channel.dial(BalancerServiceService, 'dispatch'),
    codec: dispatchAskingCodec,
    clock,
    logger,
  });
  return {
    dispatch,
    fleet: channel.service(FleetServiceService),
    supervise: channel.dial(BalancerServiceService, 'supervise'),
    components: [channel, dispatch],
  };
}

export function localStorage(store: ServiceOf<typeof StorageServiceService>): StoragePeer {
  return { storage: store, components: [] };
}

export function remoteStorage(config: PlatformConfig, carrier: SpanCarrier): StoragePeer {
  const channel = new GrpcChannel({ name: 'storage', address: config.storage, ...tokenOf(config), carrier });
  return { storage: channel.service(StorageServiceService), components: [channel] };
}

export function tokenOf(config: PlatformConfig): { token?: string } {
  return config.clusterToken === '' ? {} : { token: config.clusterToken };
}
