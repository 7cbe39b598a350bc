import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import type { RelaisError } from '../errors/relais-error.js';
import type { EpochClock } from './epoch-clock.js';
import type { SpanSink } from './span-data.js';
import { formatTraceparent } from './traceparent.js';
import type { Attributes, Span, SpanKind } from './tracer.js';

const messageLengthMax = 1024;
const attributesMax = 64;
const attributeLengthMax = 1024;
const none: Attributes = {};

export interface RecordedSpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  /** Monotonic milliseconds. */
  readonly startMs: number;
  readonly attributes: Attributes | undefined;
}

/** What all spans of one scope share. */
export interface SpanScope {
  readonly scope: string;
  readonly service: string;
  readonly clock: EpochClock;
  readonly sink: SpanSink;
}

/** A span that is kept: a few fields, and one plain object when it ends. */
export class RecordedSpan implements Span {
  readonly recording = true;
  readonly #start: RecordedSpanStart;
  readonly #scope: SpanScope;
  /** Never written to: most spans have only those of one object, which need not be copied then. */
  #attributes: Attributes;
  #traceparent: string | undefined;
  #ended = false;

  constructor(start: RecordedSpanStart, scope: SpanScope) {
    this.#start = start;
    this.#scope = scope;
    this.#attributes = start.attributes ?? none;
  }

  get traceparent(): string {
    this.#traceparent ??= formatTraceparent(this.#start.traceId, this.#start.spanId, true);
    return this.#traceparent;
  }

  set(attributes: Attributes): void {
    if (this.#ended) return;
    this.#attributes = this.#attributes === none ? attributes : { ...this.#attributes, ...attributes };
  }

  keep(): string {
    return this.traceparent;
  }

  end(failure?: RelaisError, atMs?: number): void {
    if (this.#ended) return;
    this.#ended = true;
    if (failure) this.#fail(failure);
    const { kind, name, parentSpanId, spanId, startMs, traceId } = this.#start;
    const { clock, scope, service, sink } = this.#scope;
    sink.add({
      traceId,
      spanId,
      parentSpanId,
      name,
      kind,
      scope,
      service,
      startUs: Math.round(clock.toEpochMs(startMs) * 1000),
      durationUs: Math.max(0, Math.round(((atMs ?? clock.nowMs()) - startMs) * 1000)),
      attributes: bounded(this.#attributes),
      failed: failure !== undefined,
      statusMessage: failure ? failure.message.slice(0, messageLengthMax) : '',
    });
  }

  #fail({ code, fault, fields: { reason } }: RelaisError): void {
    const why = { [ATTR_ERROR_TYPE]: code, 'relais.fault': fault };
    this.#attributes = { ...this.#attributes, ...why, ...(reason === undefined ? {} : { 'relais.reason': reason }) };
  }
}

function bounded(attributes: Attributes): Attributes {
  let count = 0;
  for (const name in attributes) {
    const value = attributes[name];
    if (++count > attributesMax || isLong(value)) return cut(attributes);
  }
  return attributes;
}

function cut(attributes: Attributes): Attributes {
  const kept = Object.entries(attributes).slice(0, attributesMax);
  return Object.fromEntries(
    kept.map(([name, value]) => [name, isLong(value) ? value.slice(0, attributeLengthMax) : value]),
  );
}

function isLong(value: unknown): value is string {
  return typeof value === 'string' && value.length > attributeLengthMax;
}
