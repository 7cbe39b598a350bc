import type { RelaisError } from '../errors/relais-error.js';

export type SpanKind = 'server' | 'client' | 'internal';
export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanStart {
  readonly kind: SpanKind;
  /** W3C traceparent of the parent; absent or malformed: a new trace begins. */
  readonly parent?: string | undefined;
  /** Monotonic milliseconds of the injected clock; now when absent. */
  readonly startMs?: number;
  readonly attributes?: Attributes;
}

/** One timed piece of work in a trace. Ends once. */
export interface Span {
  /** W3C traceparent to hand to whatever this span causes. */
  readonly traceparent: string;
  /** False when nothing keeps it: skip costly attributes. */
  readonly recording: boolean;
  set(attributes: Attributes): void;
  /** A failure marks the span with its code and reason. atMs is monotonic; now when absent. */
  end(failure?: RelaisError, atMs?: number): void;
}

/** Makes the spans of one role; the role's name is the instrumentation scope. */
export interface Tracer {
  start(name: string, options: SpanStart): Span;
}
