import type { Guest, GuestBoot } from './guest.js';

/** How guests without a function come to be when none waits. */
export interface GuestMaker {
  /** A new guest. Rejects with unavailable when this machine cannot make one. */
  make(boot: GuestBoot): Promise<Guest>;
  /** Ends what it keeps for making them, when it made none for idleMs. */
  retire(idleMs: number): void;
  /** Ends what it keeps; resolves once the guests that it made are gone too, which the caller ends. */
  close(): Promise<void>;
}
