import type { Clock } from '../../time/clock.js';
import { InFlight } from '../in-flight.js';

/** A call of a client that has not ended; a link among them can also be closed in good order. */
export interface OpenCall {
  cancel(): void;
  close?(): void;
}

/** What a channel has under way. */
export class OpenCalls {
  readonly #calls = new Set<OpenCall>();
  readonly #inFlight = new InFlight();

  add(call: OpenCall): void {
    this.#calls.add(call);
    this.#inFlight.begin();
  }

  remove(call: OpenCall): void {
    if (this.#calls.delete(call)) this.#inFlight.end();
  }

  /** Closes links, waits for everything to end, cancels what has not ended when the grace is over. */
  async drain(graceMs: number, clock: Clock): Promise<void> {
    for (const call of this.#calls) call.close?.();
    await this.#inFlight.idle(graceMs, clock);
    for (const call of this.#calls) call.cancel();
  }
}
