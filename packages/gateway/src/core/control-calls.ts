import { type CallContext, RelaisError } from '@relais/kit';
import { type Caller, contextFor } from './caller.js';
import type { DeadlineGuard } from './deadline-guard.js';

/** Reasons after which nobody knows whether a write landed. What is said of them in place of "try again", if they say that. */
const unknownAfter: ReadonlyMap<unknown, string | undefined> = new Map([
  ['no_answer', 'Storage did not answer this change in time.'],
  ['peer_unreachable', 'The connection to storage was lost before it answered this change.'],
  ['storage_write_failed', undefined],
]);

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

  /** The same of a call that writes to storage: a failure that leaves open whether it landed is not retryable. */
  async write<T>(caller: Caller, call: (context: CallContext) => Promise<T>): Promise<T> {
    try {
      return await this.run('storage', caller, call);
    } catch (error) {
      throw mayHaveLanded(RelaisError.from(error));
    }
  }
}

function mayHaveLanded(failure: RelaisError): RelaisError {
  const { code, fields, message } = failure;
  if (fields.notStarted || !unknownAfter.has(fields.reason)) return failure;
  const { retryAfterMs: _, ...rest } = fields;
  const told = `${unknownAfter.get(fields.reason) ?? message} It may have been stored: look before you repeat it.`;
  return new RelaisError(code, told, { ...rest, retryable: false });
}

function noAnswer(role: string, budgetMs: number): RelaisError {
  return new RelaisError('unavailable', `The ${role} did not answer within ${budgetMs} ms; try again shortly.`, {
    reason: 'no_answer',
    component: role,
    retryAfterMs: 1_000,
  });
}
