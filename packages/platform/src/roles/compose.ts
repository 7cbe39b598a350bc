import {
  addProcessMetrics,
  type Clock,
  type Component,
  ComponentGroup,
  MetricRegistry,
  type Telemetry,
} from '@relais/kit';
import type { PlatformConfig } from '../config/schema.js';
import { MetricsServer } from '../metrics-server.js';
import { logTo } from '../observability.js';
import { calledRoles } from './called-roles.js';
import { type CallingRoles, callingRoles } from './calling-roles.js';
import { ensureAdminKey } from './first-key.js';
import { OwnShare } from './own-share.js';
import { peersReady } from './peers-ready.js';
import { runs, type Surroundings } from './surroundings.js';

/** The roles of one process, wired. */
export interface Composition {
  /** All of them, in order of start. */
  readonly group: Component;
  /**
   * Resolves when a request would succeed, however long its peers take, or when that is no longer wanted; rejects when one
   * refuses us. Call it after start.
   */
  ready(unwanted: AbortSignal): Promise<void>;
  /** What answers where, for the ready line; call it after start. */
  describe(): string;
  /** Base URL of the gateway, when it runs here; known after start. */
  url(): string | undefined;
}

/**
 * Wires the roles that `config` names; nothing below knows which of them share this process. `terminal` writes a line
 * where a person reads it and nothing keeps it; undefined when there is no such place.
 */
export function compose(
  config: PlatformConfig,
  clock: Clock,
  telemetry: Telemetry,
  terminal: ((line: string) => void) | undefined,
): Composition {
  const loggerOf = (component: string) => logTo(component, config.logLevel);
  const metrics = new MetricRegistry({ seriesMax: config.metricSeriesMax });
  addProcessMetrics(metrics);
  const surroundings: Surroundings = { config, clock, telemetry, metrics, loggerOf };
  const called = calledRoles(surroundings);
  const calling = callingRoles(surroundings, called);
  const shown = { families: () => [...metrics.families(), ...(calling.workerFigures?.families() ?? [])] };
  const metricsServer = config.metricsListen ? new MetricsServer(config.metricsListen, shown) : undefined;
  const servers = metricsServer ? [metricsServer] : [];
  // Where there are workers it takes to know first what functions are kept in.
  const share = runs(surroundings, 'worker') ? [] : [new OwnShare()];
  return {
    group: new ComponentGroup('platform', [...share, ...servers, ...called.components, ...calling.components]),
    ready: async (unwanted) => {
      const workersMin = runs(surroundings, 'worker') ? Math.min(config.workers, config.workersMin) : 0;
      if (calling.peers) await peersReady(calling.peers, workersMin, clock, loggerOf('platform'), unwanted);
      if (calling.gateway && !unwanted.aborted) await ensureAdminKey(config, calling.gateway, terminal);
    },
    describe: () => describe(config, [...called.servers, ...servers], calling),
    url: () => calling.gateway?.url,
  };
}

interface Listening {
  readonly name: string;
  readonly boundAddress: string;
}

function describe(
  { roles, workers }: PlatformConfig,
  servers: readonly Listening[],
  { gateway }: CallingRoles,
): string {
  const addresses = servers.map((server) => `${server.name}=${server.boundAddress}`);
  const names = roles.map((role) => (role === 'worker' ? `${workers} workers` : role));
  return [...(gateway ? [gateway.url] : []), ...addresses, `(${names.join(', ')})`].join(' ');
}
