import { type CallContext, type CancelSignal, RelaisError, type Span } from '@relais/kit';

/** Who asks, as every use case sees it. */
export interface Caller {
  /** W3C traceparent of the request's span. */
  readonly traceparent: string;
  /** W3C tracestate as it came. */
  readonly tracestate?: string | undefined;
  /** The request's span, which the call may find worth keeping. */
  readonly span?: Span;
  /** Fires when the caller has gone. */
  readonly signal?: CancelSignal | undefined;
  /** What the caller's own deadline leaves, milliseconds; absent: it set none. */
  readonly budgetMs?: number | undefined;
  /** Names of the only functions its key is good for; absent: all. */
  readonly functions?: ReadonlySet<string> | undefined;
  /** Id of its key, which is no secret; absent: it came without one, or with the operator's. */
  readonly keyId?: string | undefined;
}

/** Throws permission_denied reason function_not_allowed when the caller's key is for other functions only. */
export function checkMayUse({ functions }: Caller, name: string): void {
  if (!functions || functions.has(name)) return;
  const message = `This key is not good for the function ${JSON.stringify(name.slice(0, 80))}; use another key.`;
  throw new RelaisError('permission_denied', message, { reason: 'function_not_allowed', component: 'gateway' });
}

/** Throws the same when the caller's key is for some functions only: `what` is of all of them. */
export function checkMayUseAll({ functions }: Caller, what: string): void {
  if (!functions) return;
  const message = `A key for some functions only is not good for ${what}; use one without that limit.`;
  throw new RelaisError('permission_denied', message, { reason: 'function_not_allowed', component: 'gateway' });
}

/** The context of a call made on the caller's behalf; its own deadline shortens the budget. */
export function contextFor(caller: Caller, budgetMs: number): CallContext {
  const { traceparent, signal } = caller;
  const leftMs = caller.budgetMs === undefined ? budgetMs : Math.min(budgetMs, caller.budgetMs);
  return signal ? { budgetMs: leftMs, traceparent, signal } : { budgetMs: leftMs, traceparent };
}
