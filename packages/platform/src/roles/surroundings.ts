import type { Clock, Logger, MetricRegistry, Telemetry } from '@relais/kit';
import type { PlatformConfig } from '../config/schema.js';

/** What every role of a process is made with. */
export interface Surroundings {
  readonly config: PlatformConfig;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** The figures of this process. */
  readonly metrics: MetricRegistry;
  readonly loggerOf: (component: string) => Logger;
}

/** Whether this process runs a role. */
export function runs({ config }: Surroundings, role: PlatformConfig['roles'][number]): boolean {
  return config.roles.includes(role);
}
