import type { Attributes, SpanKind } from './tracer.js';

/** A span that has ended, as it is kept and sent: plain data. */
export interface SpanData {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** Who recorded it: the role. */
  readonly scope: string;
  /** The process it comes from. */
  readonly service: string;
  /** Microseconds since the epoch. */
  readonly startUs: number;
  readonly durationUs: number;
  readonly attributes: Attributes;
  readonly failed: boolean;
  readonly statusMessage: string;
}

/** Takes spans that have ended. Must not throw. */
export interface SpanSink {
  add(span: SpanData): void;
  /** A request of this trace is being served from now until its span is added. */
  began?(traceId: string): void;
}
