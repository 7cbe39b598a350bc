import { type CallContext, RelaisError } from '@relais/kit';
import { type Caller, contextFor } from './caller.js';
import type { DeadlineGuard } from './deadline-guard.js';

/** Calls to storage and the fleet: one budget for all of them, and none waits beyond it. */
export class ControlCalls {
  readonly #guard: DeadlineGuard;
  readonly #timeoutMs: number;

  constructor(guard: DeadlineGuard, timeoutMs: number) {
    this.#guard = guard;
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects with what the role answers, or unavailable reason no_answer when it answers nothing in time. */
  run<T>(role: 'storage' | 'balancer', caller: Caller, call: (context: CallContext) => Promise<T>): Promise<T> {
    const context = contextFor(caller, this.#timeoutMs);
    return this.#guard.within(context.budgetMs, call(context), () => noAnswer(role, context.budgetMs));
  }
}

function noAnswer(role: string, budgetMs: number): RelaisError {
  return new RelaisError('unavailable', `The ${role} did not answer within ${budgetMs} ms; try again shortly.`, {
    reason: 'no_answer',
    component: role,
    retryAfterMs: 1_000,
  });
}
