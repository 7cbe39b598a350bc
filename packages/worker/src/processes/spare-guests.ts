import type { Guest, GuestBoot } from './guest.js';
import type { GuestMaker } from './guest-maker.js';

interface Spare {
  readonly guest: Promise<Guest>;
  readonly sinceMs: number;
}

export interface SpareGuestsOptions {
  /** Guests that wait, beside those in use; one per boot key at most. Beyond it the oldest is ended. */
  readonly sparesMax: number;
  readonly maker: GuestMaker;
  readonly nowMs: () => number;
}

/** Keeps guests that know no function yet, so that a cold start waits for neither an interpreter nor a sandbox. */
export class SpareGuests {
  readonly #options: SpareGuestsOptions;
  /** Oldest first. */
  readonly #spares = new Map<string, Spare>();
  #closed = false;

  constructor(options: SpareGuestsOptions) {
    this.#options = options;
  }

  /** Makes a spare in the background unless one waits already. */
  prepare(boot: GuestBoot): void {
    if (this.#closed || this.#options.sparesMax === 0 || this.#spares.has(boot.key)) return;
    const guest = this.#options.maker.make(boot);
    const spare: Spare = { guest, sinceMs: this.#options.nowMs() };
    this.#spares.set(boot.key, spare);
    // A failure is told to whoever takes it, or shows when the next call starts its own.
    guest.then(
      (started) => started.gone.then(() => this.#forget(boot.key, spare)),
      () => this.#forget(boot.key, spare),
    );
    const [oldest] = this.#spares.keys();
    if (this.#spares.size > this.#options.sparesMax && oldest !== undefined) this.#end(oldest);
  }

  /** A guest without a function: the spare, or one made now. Rejects with unavailable. */
  async take(boot: GuestBoot): Promise<Guest> {
    const spare = this.#spares.get(boot.key);
    this.#spares.delete(boot.key);
    const guest = await spare?.guest.catch(() => undefined);
    return guest?.alive ? guest : this.#options.maker.make(boot);
  }

  /** Ends spares that nobody took for idleMs, and what has made none for so long. */
  retire(idleMs: number): void {
    for (const [key, spare] of this.#spares) {
      if (this.#options.nowMs() - spare.sinceMs >= idleMs) this.#end(key);
    }
    this.#options.maker.retire(idleMs);
  }

  /** Makes nothing ready any more; resolves once all that was made is gone, of which the caller ends what was taken. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const key of this.#spares.keys()) this.#end(key);
    await this.#options.maker.close();
  }

  #end(key: string): void {
    const spare = this.#spares.get(key);
    this.#spares.delete(key);
    spare?.guest.then(
      (guest) => guest.kill(),
      () => {},
    );
  }

  #forget(key: string, spare: Spare): void {
    if (this.#spares.get(key) === spare) this.#spares.delete(key);
  }
}
