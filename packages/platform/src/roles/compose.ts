import { type Clock, type Component, ComponentGroup, type Telemetry } from '@relais/kit';
import type { PlatformConfig } from '../config/schema.js';
import { logTo } from '../observability.js';
import { type CalledRoles, calledRoles } from './called-roles.js';
import { type CallingRoles, callingRoles } from './calling-roles.js';
import { peersReady } from './peers-ready.js';
import { runs, type Surroundings } from './surroundings.js';

/** The roles of one process, wired. */
export interface Composition {
  /** All of them, in order of start. */
  readonly group: Component;
  /** Resolves when a request would succeed, however long its peers take; rejects when one refuses us. Call it after start. */
  ready(): Promise<void>;
  /** What answers where, for the ready line; call it after start. */
  describe(): string;
  /** Base URL of the gateway, when it runs here; known after start. */
  url(): string | undefined;
}

/** Wires the roles that `config` names; nothing below knows which of them share this process. */
export function compose(config: PlatformConfig, clock: Clock, telemetry: Telemetry): Composition {
  const loggerOf = (component: string) => logTo(component, config.logLevel);
  const surroundings: Surroundings = { config, clock, telemetry, loggerOf };
  const called = calledRoles(surroundings);
  const calling = callingRoles(surroundings, called);
  return {
    group: new ComponentGroup('platform', [...called.components, ...calling.components]),
    ready: async () => {
      const workers = runs(surroundings, 'worker') ? config.workers : 0;
      if (calling.peers) await peersReady(calling.peers, workers, clock, loggerOf('platform'));
    },
    describe: () => describe(config, called, calling),
    url: () => calling.gateway?.url,
  };
}

function describe({ roles, workers }: PlatformConfig, called: CalledRoles, { gateway }: CallingRoles): string {
  const addresses = called.servers.map((server) => `${server.name}=${server.boundAddress}`);
  const names = roles.map((role) => (role === 'worker' ? `${workers} workers` : role));
  return [...(gateway ? [gateway.url] : []), ...addresses, `(${names.join(', ')})`].join(' ');
}
