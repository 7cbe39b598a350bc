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
 * the code says, so that no trace is broken by it; an id that is taken is left out.
 */
export function traceUserSpans(tracer: Tracer, spans: readonly UserSpan[], { parent, beganMs, endMs }: Ran): void {
  const root = spanIdOf(parent);
  const parents = new Map<string, string>();
  for (const { spanId, parentSpanId } of spans) {
    if (spanId !== root && !parents.has(spanId)) parents.set(spanId, parentSpanId);
  }
  const left = new Set(parents.keys());
  for (const { attributes, durationMs, failed, name, offsetMs, spanId } of spans) {
    if (!left.delete(spanId)) continue;
    const startMs = Math.min(beganMs + offsetMs, endMs);
    const below = parent.replace(root, parentWithin(parents, spanId) ?? root);
    const span = tracer.start(name, { kind: 'internal', parent: below, startMs, attributes, spanId });
    span.end(failed ? userFailure() : undefined, Math.min(startMs + durationMs, endMs));
  }
}

/** The parent of a span among the spans of the user; undefined when it is none of them, or they go round in a circle. */
function parentWithin(parents: ReadonlyMap<string, string>, spanId: string): string | undefined {
  const wanted = parents.get(spanId);
  let steps = 0;
  for (let at = wanted; at !== undefined; at = parents.get(at)) {
    if (++steps > parents.size) return undefined;
  }
  return wanted !== undefined && parents.has(wanted) ? wanted : undefined;
}

function userFailure(): RelaisError {
  return new RelaisError('aborted', 'The function threw in this span.', {
    reason: 'function_failed',
    fault: 'function',
  });
}
