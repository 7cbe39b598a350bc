import { systemClock } from '../time/clock.js';
import { EpochClock } from './epoch-clock.js';
import { passThroughTracer } from './pass-through-tracer.js';
import { RootSampler } from './root-sampler.js';
import { SamplingTracer } from './sampling-tracer.js';
import type { SpanCarrier } from './span-carrier.js';
import type { SpanSink } from './span-data.js';
import { SpanShelf } from './span-shelf.js';
import type { Telemetry, TelemetryOptions } from './telemetry.js';
import { TraceHub } from './trace-hub.js';
import { defaultTraceStoreBounds, TraceStore } from './trace-store.js';

const flushMsMax = 4_000;
const tracesPerSecondMaxDefault = 1_000_000;

/** What a process exports to, loaded only where something is. */
interface Exporting extends SpanSink {
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * Sets tracing up for one process. Rejects with RelaisError invalid_argument, reason "bad_config", for a collector's URL
 * that is none.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const clock = options.clock ?? systemClock;
  const exporter = await exporterFor(options);
  const { hub, shelf } = placeFor(options, exporter);
  const flush = async () => {
    shelf?.flush();
    await exporter?.flush();
  };
  const shutdown = async () => {
    shelf?.flush();
    await exporter?.shutdown();
  };
  let stopped: Promise<void> | undefined;
  const common = {
    carrier: shelf ?? hub,
    traces: hub.store,
    intake: hub.store && hub,
    flush: () => within(flushMsMax, flush()),
    shutdown: () => {
      stopped ??= within(flushMsMax, shutdown());
      return stopped;
    },
  };
  if (!exporter && (options.traces ?? 'export') === 'export') return { ...common, tracer: () => passThroughTracer };
  const sampler = new RootSampler({ tracesPerSecondMax: tracesPerSecondMaxDefault, random: Math.random, ...options });
  const scope = { service: options.serviceName, clock: new EpochClock(clock), sink: shelf ?? hub };
  return { ...common, tracer: (name) => new SamplingTracer({ ...scope, scope: name }, sampler) };
}

async function exporterFor(options: TelemetryOptions): Promise<Exporting | undefined> {
  if (options.exporter === undefined) return undefined;
  // Loading the libraries takes a while, which a process that exports nothing must not pay.
  const { OtlpSink } = await import('./otel.js');
  return new OtlpSink({ ...options, exporter: options.exporter });
}

function placeFor(
  { clock = systemClock, storeBounds, traces }: TelemetryOptions,
  exporter: Exporting | undefined,
): { readonly hub: TraceHub & SpanCarrier; readonly shelf: SpanShelf | undefined } {
  const bounds = { ...defaultTraceStoreBounds, ...storeBounds };
  const store = traces === 'keep' ? new TraceStore(bounds, () => clock.nowMs()) : undefined;
  return { hub: new TraceHub(store, exporter), shelf: traces === 'carry' ? new SpanShelf(clock, exporter) : undefined };
}

/** Resolves with the work, when it fails, or when its time is over. */
function within(limitMs: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = systemClock.after(limitMs, resolve);
    const settle = () => {
      cancel();
      resolve();
    };
    work.then(settle, settle);
  });
}
