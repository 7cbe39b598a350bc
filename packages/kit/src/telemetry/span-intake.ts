import type { SpanData } from './span-data.js';

/** Takes spans from outside, of traces that come together here. */
export interface SpanIntake {
  /** Adds a span of somebody else. Must not throw. */
  join(span: SpanData): void;
  /** What is kept of a trace so far, in no order; undefined when nothing is. */
  spansOf(traceId: string): readonly SpanData[] | undefined;
  /** Whether a request of a sampled trace is being served here. */
  isUnderWay(traceId: string): boolean;
}
