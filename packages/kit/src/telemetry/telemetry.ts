import type { Logger } from '../logging/logger.js';
import type { Clock } from '../time/clock.js';
import type { SpanCarrier } from './span-carrier.js';
import type { SpanIntake } from './span-intake.js';
import type { TraceStore, TraceStoreBounds } from './trace-store.js';
import type { Tracer } from './tracer.js';

/** Where spans go. */
export interface TraceExporter {
  readonly kind: 'otlp-grpc' | 'otlp-http';
  /** The collector, for example http://127.0.0.1:4317 (gRPC) or http://127.0.0.1:4318 (HTTP, /v1/traces is added). */
  readonly url: string;
}

export interface TelemetryOptions {
  readonly serviceName: string;
  readonly version: string;
  /** Absent: nothing is exported and OpenTelemetry is not loaded. */
  readonly exporter: TraceExporter | undefined;
  /** Share of new traces that are kept, 0 to 1; a trace that comes in keeps what its caller decided. */
  readonly sampleRatio: number;
  /** New traces kept per second; a million when absent. */
  readonly tracesPerSecondMax?: number;
  /**
   * What becomes of spans that end here: keep, they stay in a bounded store; carry, they leave with the answers they belong
   * to; export (the default), they go to the collector only, and without one nothing is recorded.
   */
  readonly traces?: 'keep' | 'carry' | 'export';
  /** What is not given is as in defaultTraceStoreBounds. */
  readonly storeBounds?: Partial<TraceStoreBounds>;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** Tracing of one process. Nothing here rejects: telemetry never fails what it watches. */
export interface Telemetry {
  tracer(scopeName: string): Tracer;
  readonly carrier: SpanCarrier;
  /** Absent where no traces are kept. */
  readonly traces: TraceStore | undefined;
  /** Absent where no traces are kept. */
  readonly intake: SpanIntake | undefined;
  /** Resolves when what has ended is exported, or after 4 s. */
  flush(): Promise<void>;
  /** Flushes and ends; spans ended later are dropped. Resolves within 4 s. */
  shutdown(): Promise<void>;
}
