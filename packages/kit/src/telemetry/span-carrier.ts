/**
 * How spans of one trace travel with the answer of what caused them, so that they need no stream, batch or collector of
 * their own.
 */
export interface SpanCarrier {
  /** Encoded spans that ended here and belong on the answer; undefined when there are none, or they are kept here. */
  take(traceparent: string): Buffer | undefined;
  /** Spans that came on an answer. */
  give(traceparent: string, spans: Buffer): void;
  /** No answer will take what has ended here: whoever waited for it has gone. */
  leave(traceparent: string): void;
}
