import type { RelaisError } from '../errors/relais-error.js';

export type SpanKind = 'server' | 'client' | 'internal' | 'producer' | 'consumer';
export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanStart {
  readonly kind: SpanKind;
  /** W3C traceparent of the parent; absent or malformed: a new trace begins. */
  readonly parent?: string | undefined;
  /** Monotonic milliseconds of the injected clock; now when absent. */
  readonly startMs?: number;
  readonly attributes?: Attributes;
  /** 16 hexadecimal digits that something else has already named it by; random when absent. */
  readonly spanId?: string;
}

/** One timed piece of work in a trace. Ends once. */
export interface Span {
  /** W3C traceparent to hand to whatever this span causes. */
  readonly traceparent: string;
  /** False when nothing keeps it: skip costly attributes. */
  readonly recording: boolean;
  set(attributes: Attributes): void;
  /**
   * Keeps it although nobody sampled its trace, where it can be: the span of a request, before its end. Returns the
   * traceparent for spans that belong to it and are to be kept too.
   */
  keep(): string;
  /** A failure marks the span with its code and reason. atMs is monotonic; now when absent. */
  end(failure?: RelaisError, atMs?: number): void;
}

/** Makes the spans of one role; the role's name is the instrumentation scope. */
export interface Tracer {
  start(name: string, options: SpanStart): Span;
}
