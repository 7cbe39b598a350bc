/** Hears of a cancellation; an object by its handleEvent, so that what is cancelled can be its own listener. */
export type CancelListener = (() => void) | { handleEvent(): void };

/** What a call needs of an AbortSignal, which is one, too. Fires at most once. */
export interface CancelSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: CancelListener): void;
  removeEventListener(type: 'abort', listener: CancelListener): void;
}

/** A signal and the means to fire it. Every call adds and removes a listener, which costs an event target a few microseconds. */
export class Cancellation implements CancelSignal {
  #aborted = false;
  readonly #listeners: CancelListener[] = [];

  get aborted(): boolean {
    return this.#aborted;
  }

  /** One that is added after the signal has fired is not called. */
  addEventListener(_type: 'abort', listener: CancelListener): void {
    if (!this.#aborted) this.#listeners.push(listener);
  }

  /** One that is taken away while others are told is not called any more. */
  removeEventListener(_type: 'abort', listener: CancelListener): void {
    const at = this.#listeners.lastIndexOf(listener);
    if (at < 0) return;
    const last = this.#listeners.pop();
    if (last && at < this.#listeners.length) this.#listeners[at] = last;
  }

  cancel(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    // One by one: who is told may take others away.
    for (let next = this.#listeners.shift(); next; next = this.#listeners.shift()) {
      if (typeof next === 'function') next();
      else next.handleEvent();
    }
  }
}
