import { type Context, SpanKind as OtelKind, type Tracer as OtelTracer, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { randomHex } from '../ids.js';
import type { EpochClock } from './epoch-clock.js';
import { RecordedSpan } from './recorded-span.js';
import { isSampled, isTraceparent, spanIdOf, traceIdOf } from './traceparent.js';
import type { Span, SpanKind, SpanStart, Tracer } from './tracer.js';
import { UnsampledSpan } from './unsampled-span.js';

const kinds: Readonly<Record<SpanKind, OtelKind>> = {
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  internal: OtelKind.INTERNAL,
};

/**
 * Spans over OpenTelemetry. Whether a trace is kept is decided before any of its objects exists: by the parent where there
 * is one, else by the ratio. The parent is told by its traceparent only; no ambient context is read or set.
 */
export class SamplingTracer implements Tracer {
  readonly #tracer: OtelTracer;
  readonly #sampleRatio: number;
  readonly #clock: EpochClock;

  /** `sampleRatio` is 0 to 1. */
  constructor(tracer: OtelTracer, sampleRatio: number, clock: EpochClock) {
    this.#tracer = tracer;
    this.#sampleRatio = sampleRatio;
    this.#clock = clock;
  }

  start(name: string, options: SpanStart): Span {
    const parent = isTraceparent(options.parent) ? options.parent : undefined;
    const sampled = parent === undefined ? this.#sampleRoot() : isSampled(parent);
    if (!sampled) return new UnsampledSpan(parent);
    this.#clock.follow();
    const span = this.#tracer.startSpan(
      name,
      {
        kind: kinds[options.kind],
        startTime: this.#clock.toEpochMs(options.startMs ?? this.#clock.nowMs()),
        attributes: options.attributes ?? {},
      },
      parent === undefined ? ROOT_CONTEXT : remoteContext(parent),
    );
    return new RecordedSpan(span, this.#clock);
  }

  #sampleRoot(): boolean {
    if (this.#sampleRatio >= 1) return true;
    return this.#sampleRatio > 0 && Number.parseInt(randomHex(4), 16) < this.#sampleRatio * 2 ** 32;
  }
}

function remoteContext(parent: string): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: traceIdOf(parent),
    spanId: spanIdOf(parent),
    traceFlags: 1,
    isRemote: true,
  });
}
