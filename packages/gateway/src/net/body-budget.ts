import { RelaisError } from '@relais/kit';

const retryAfterMs = 1_000;

/** Counts the bytes of request bodies held in memory at once, so that many slow or large uploads cannot exhaust it. */
export class BodyBudget {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Throws resource_exhausted reason busy when the budget is used up. What was taken must be given back. */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#bytesMax) {
      throw new RelaisError('resource_exhausted', 'Too much is being uploaded at once; try again shortly.', {
        reason: 'busy',
        fault: 'platform',
        component: 'gateway',
        retryAfterMs,
        limit: { name: 'bodyBytesInFlightMax', limit: this.#bytesMax, used: this.#bytes + bytes },
      });
    }
    this.#bytes += bytes;
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#bytes;
  }
}
