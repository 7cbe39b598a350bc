import type { JobResult } from '@relais/contracts';
import type { RelaisError, Span } from '@relais/kit';

/** How one call of a function went, as the gateway saw it. */
export interface CallReport {
  readonly invocationId: string;
  readonly functionId: string;
  readonly functionName: string;
  /** Number of the version. */
  readonly version: number;
  /** W3C traceparent of the request's span. */
  readonly traceparent: string;
  readonly span?: Span | undefined;
  /** Monotonic milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
  /** Absent: it succeeded. */
  readonly failure?: RelaisError | undefined;
  /** What came back from the balancer, where anything did. */
  readonly result?: JobResult | undefined;
}

/** Hears of every call once it is over; must not throw and must be quick: the caller waits for it. */
export type CallObserver = (report: CallReport) => void;
