import { randomHex } from '../ids.js';
import { RecordedSpan, type SpanScope } from './recorded-span.js';
import type { RootSampler } from './root-sampler.js';
import { isSampled, isTraceparent, spanIdOf, traceIdOf } from './traceparent.js';
import type { Span, SpanStart, Tracer } from './tracer.js';
import { UnsampledSpan } from './unsampled-span.js';

/**
 * Whether a trace is kept is decided before any of its objects exists: by the parent where there is one, else by the
 * sampler. The parent is told by its traceparent only; no ambient context is read or set.
 */
export class SamplingTracer implements Tracer {
  readonly #scope: SpanScope;
  readonly #sampler: RootSampler;

  constructor(scope: SpanScope, sampler: RootSampler) {
    this.#scope = scope;
    this.#sampler = sampler;
  }

  start(name: string, options: SpanStart): Span {
    const parent = isTraceparent(options.parent) ? options.parent : undefined;
    const { clock } = this.#scope;
    const startMs = options.startMs ?? clock.nowMs();
    const sampled = parent === undefined ? this.#sampler.sample(startMs) : isSampled(parent);
    if (!sampled) {
      // Only what serves a request can know that it was worth keeping.
      const keepable = options.kind === 'server' ? { name, options, startMs, scope: this.#scope } : undefined;
      return new UnsampledSpan(parent, keepable);
    }
    clock.follow();
    const { attributes, kind, spanId = randomHex(8) } = options;
    const traceId = parent === undefined ? randomHex(16) : traceIdOf(parent);
    const parentSpanId = parent === undefined ? '' : spanIdOf(parent);
    if (kind === 'server') this.#scope.sink.began?.(traceId);
    return new RecordedSpan({ name, kind, traceId, spanId, parentSpanId, startMs, attributes }, this.#scope);
  }
}
