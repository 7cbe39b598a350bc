import { join } from 'node:path';
import type { WorkerConfinement } from '../supervisor/confined-worker.js';
import { SocketBridge } from './socket-bridge.js';
import type { WorkerPeers } from './worker-fleet.js';

export interface WorkerDoors {
  readonly peers: WorkerConfinement['peers'];
  /** What must run for them. */
  readonly bridges: readonly SocketBridge[];
}

/** Ways for workers without a network to their peers: sockets in one directory, behind which a bridge is where it must be. */
export function workerDoors(directory: string, peers: WorkerPeers): WorkerDoors {
  const bridges: SocketBridge[] = [];
  const doorTo = (name: string, address: string) => {
    if (address.startsWith('unix:')) return address;
    const path = join(directory, `${name}.sock`);
    const at = address.lastIndexOf(':');
    bridges.push(new SocketBridge({ path, host: bare(address.slice(0, at)), port: Number(address.slice(at + 1)) }));
    return `unix:${path}`;
  };
  const balancerAddress = doorTo('balancer', peers.balancerAddress);
  const storageAddress = doorTo('storage', peers.storageAddress);
  return { peers: { balancerAddress, storageAddress }, bridges };
}

/** An IPv6 address without its brackets. */
function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
