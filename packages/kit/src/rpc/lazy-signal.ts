import { RelaisError } from '../errors/relais-error.js';
import type { CallContext } from './context.js';

/** A cancellation that costs an AbortController only when somebody asks for its signal. */
export class LazySignal {
  #controller: AbortController | undefined;
  #cancelled = false;

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#cancelled) this.#abort(this.#controller);
    }
    return this.#controller.signal;
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    if (this.#controller) this.#abort(this.#controller);
  }

  #abort(controller: AbortController): void {
    controller.abort(new RelaisError('cancelled', 'The caller no longer waits for the answer.'));
  }
}

/** The context of a call that came from elsewhere. `signal` is its own property, so that a spread keeps it. */
export function servedContext(budgetMs: number, traceparent: string | undefined, lazy: LazySignal): CallContext {
  if (!traceparent) {
    return {
      budgetMs,
      get signal() {
        return lazy.signal;
      },
    };
  }
  return {
    budgetMs,
    traceparent,
    get signal() {
      return lazy.signal;
    },
  };
}
