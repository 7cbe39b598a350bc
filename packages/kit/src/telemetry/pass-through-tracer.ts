import { isTraceparent } from './traceparent.js';
import type { Span, SpanStart, Tracer } from './tracer.js';
import { UnsampledSpan } from './unsampled-span.js';

/** Keeps no span: hands the caller's trace on, or begins one that nothing samples. */
export const passThroughTracer: Tracer = {
  start(_name: string, options: SpanStart): Span {
    return new UnsampledSpan(isTraceparent(options.parent) ? options.parent : undefined);
  },
};
