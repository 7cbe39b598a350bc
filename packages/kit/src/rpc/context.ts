import type { CancelSignal } from './cancellation.js';

/** What travels with every call between roles, local or remote. */
export interface CallContext {
  /** What is left of the caller's budget, milliseconds. */
  readonly budgetMs: number;
  /** Fires when the caller no longer wants the answer. */
  readonly signal?: CancelSignal;
  /** W3C traceparent of the caller's span; absent when nothing traces. */
  readonly traceparent?: string;
}
