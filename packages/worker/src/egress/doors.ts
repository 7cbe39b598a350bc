import { join } from 'node:path';
import type { FunctionVersion } from '@relais/contracts';
import { type Clock, randomHex } from '@relais/kit';
import { processStartFailed, socketPathTooLong } from '../processes/failures.js';
import type { Guest } from '../processes/guest.js';
import type { DoorPlace } from '../processes/process-launcher.js';
import { Door, defaultDoorLimits } from './door.js';
import { networkPolicy } from './network-policy.js';
import type { NetworkRules } from './network-rules.js';

/** Where each process finds its proxy, in a network of its own. */
const proxyPort = 3128;
const socketNameBytes = 16;
/** The kernel takes no longer one. */
const socketPathBytesMax = 107;

/** What a shim is told of the network of its process: it takes connections at the port and leads them to the socket. */
export interface EgressFrame {
  readonly port: number;
  /** As the process sees it. */
  readonly socket: string;
}

/** What HTTP clients look for; Node's own only when it is there from the start. */
export const proxyEnvironment: Readonly<Record<string, string>> = {
  ...named(['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'], `http://127.0.0.1:${proxyPort}`),
  ...named(['no_proxy', 'NO_PROXY'], 'localhost,127.0.0.1,::1'),
  NODE_USE_ENV_PROXY: '1',
};

/**
 * Opens a door for a process of a version with a network; it closes when the process is gone. Its name is known to that
 * process alone and cannot be guessed. Rejects with unavailable reason process_start_failed, and with failed_precondition
 * reason network_unavailable where the path of its socket would be too long.
 */
export async function openDoor(
  guest: Guest,
  { config }: FunctionVersion,
  place: DoorPlace,
  { clock, network: rules }: { readonly clock: Clock; readonly network: NetworkRules },
): Promise<EgressFrame | undefined> {
  const policy = networkPolicy(config, rules.anyHost);
  if (!policy) return undefined;
  const name = randomHex(socketNameBytes);
  const path = join(place.directory, name);
  if (Buffer.byteLength(path) > socketPathBytesMax) throw socketPathTooLong();
  const refused = (line: string) => guest.logs.stderr(Buffer.from(line));
  try {
    const door = await Door.open(path, { policy, rules, limits: defaultDoorLimits, clock, refused });
    void guest.gone.then(() => door.close());
    return { port: proxyPort, socket: `${place.at}/${name}` };
  } catch (cause) {
    throw processStartFailed(cause);
  }
}

function named(names: readonly string[], value: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, value]));
}
