import type { CallContext } from '@relais/kit';

/** Who asks, as every use case sees it. */
export interface Caller {
  /** W3C traceparent of the request's span. */
  readonly traceparent: string;
  /** Fires when the caller has gone. */
  readonly signal?: AbortSignal | undefined;
  /** What the caller's own deadline leaves, milliseconds; absent: it set none. */
  readonly budgetMs?: number | undefined;
}

/** The context of a call made on the caller's behalf; its own deadline shortens the budget. */
export function contextFor(caller: Caller, budgetMs: number): CallContext {
  const { traceparent, signal } = caller;
  const leftMs = caller.budgetMs === undefined ? budgetMs : Math.min(budgetMs, caller.budgetMs);
  return signal ? { budgetMs: leftMs, traceparent, signal } : { budgetMs: leftMs, traceparent };
}
