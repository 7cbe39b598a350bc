import type { Guest, GuestBoot } from './guest.js';

/** Where guests without a function come from. */
export interface GuestSupply {
  /** Makes ready for the next cold start of this kind. */
  prepare(boot: GuestBoot): void;
  /** A guest. Rejects with unavailable when this machine cannot make one. */
  take(boot: GuestBoot): Promise<Guest>;
  /** Ends what nobody used for idleMs. */
  retire(idleMs: number): void;
  /** Makes nothing ready any more and ends it all; resolves once the guests that were taken are gone too, which the caller ends. */
  close(): Promise<void>;
}
