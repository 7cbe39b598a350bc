import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type NetworkRules, networkRules } from '../network-rules.js';

/** A server that functions find under a name, and that lies on no loopback address. */
export interface FarServer {
  readonly address: string;
  readonly port: number;
  readonly server: Server;
  /** Connections to it that are open. */
  readonly connections: () => number;
}

/** An address of this machine that is not loopback. Throws when there is none. */
export function farAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const found = all.find(({ address, internal }) => !internal && isIPv4(address));
  if (!found) throw new Error('this machine has no address but loopback, and these tests need one');
  return found.address;
}

/** Listens on `address` until the tests of the file are over. */
export async function farServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  address = farAddress(),
): Promise<FarServer> {
  const server = createServer(answer);
  let open = 0;
  server.on('connection', (socket) => {
    open += 1;
    socket.once('close', () => {
      open -= 1;
    });
  });
  server.listen(0, address);
  await once(server, 'listening');
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  return { address, port: (server.address() as AddressInfo).port, server, connections: () => open };
}

/** The real rules, but for a resolver that knows these names alone, and for this machine counting as another. */
export function rulesWith(names: Readonly<Record<string, string>>, given: Partial<NetworkRules> = {}): NetworkRules {
  return {
    ...networkRules({ anyHost: false, peers: [] }),
    resolve: async (host) => {
      const address = names[host];
      if (address === undefined) throw Object.assign(new Error(), { code: 'ENOTFOUND' });
      return [address];
    },
    ownAddresses: () => [],
    ...given,
  };
}
