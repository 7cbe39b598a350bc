import { RelaisError, spanIdOf, type Tracer } from '@relais/kit';
import type { UserSpan } from '../processes/user-spans.js';

/** Where and when the user's code ran: the runtime's span, and monotonic milliseconds. */
export interface Ran {
  readonly parent: string;
  readonly beganMs: number;
  readonly endMs: number;
}

/**
 * Records the spans that user code made. They stay within the run and hang on each other or on the runtime's span, whatever
 * the code says, so that no trace is broken by it.
 */
export function traceUserSpans(tracer: Tracer, spans: readonly UserSpan[], { parent, beganMs, endMs }: Ran): void {
  const known = new Set(spans.map(({ spanId }) => spanId));
  for (const { attributes, durationMs, failed, name, offsetMs, parentSpanId, spanId } of spans) {
    const startMs = Math.min(beganMs + offsetMs, endMs);
    const own = known.has(parentSpanId) && parentSpanId !== spanId;
    const below = own ? parent.replace(spanIdOf(parent), parentSpanId) : parent;
    const span = tracer.start(name, { kind: 'internal', parent: below, startMs, attributes, spanId });
    span.end(failed ? userFailure() : undefined, Math.min(startMs + durationMs, endMs));
  }
}

function userFailure(): RelaisError {
  return new RelaisError('aborted', 'The function threw in this span.', {
    reason: 'function_failed',
    fault: 'function',
  });
}
