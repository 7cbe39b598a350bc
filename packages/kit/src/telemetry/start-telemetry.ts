import { systemClock } from '../time/clock.js';
import { passThroughTracer } from './pass-through-tracer.js';
import type { Telemetry, TelemetryOptions } from './telemetry.js';

const noTelemetry: Telemetry = {
  tracer: () => passThroughTracer,
  flush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

/**
 * Sets tracing up; once in a process at a time, because OpenTelemetry registers itself globally. At most 2048 ended spans
 * wait for export (OTEL_BSP_MAX_QUEUE_SIZE changes it); more are dropped. Rejects with RelaisError failed_precondition,
 * reason "telemetry_running", when it already runs, and invalid_argument, reason "bad_config", for a URL that is none.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  if (options.exporter === undefined) return noTelemetry;
  // Loading the SDK takes a third of a second, which a process that exports nothing must not pay.
  const { startOtel } = await import('./otel.js');
  return startOtel({ clock: systemClock, ...options, exporter: options.exporter }) ?? noTelemetry;
}
