import type { Job } from '@relais/contracts';
import type { CancelSignal, Clock, RelaisError } from '@relais/kit';

/** Nobody is kept longer for coming too early, and for no more than this part of the time that the call has. */
const heldMsMax = 3000;
const heldShareMax = 0.5;

/** With more to spare, a gateway and its machine can refuse whoever comes, and at once. */
const busyShareMin = 0.9;

interface Subject {
  readonly lang: string;
  readonly work: NonNullable<Job['work']>;
}

/** What a connection was told last. */
interface Told {
  readonly subject: string;
  /** Monotonic milliseconds. */
  readonly comeBackMs: number;
}

/**
 * Callers that were refused and told when to come back, and come back sooner on the same connection: while the gateway or its
 * machine is busy their call is held until then. To refuse costs as much as to serve, and with enough of them it is all that
 * would get done.
 */
export class EarlyReturns {
  readonly #clock: Clock;
  readonly #busyShare: () => number;
  /** By what tells that the caller has gone: of HTTP/1.1 that is one for each connection, of HTTP/2 one for each call. */
  readonly #told = new WeakMap<CancelSignal, Told>();

  /** `busyShare` tells how much of what the gateway needs is in use of late, 0 to 1. */
  constructor(clock: Clock, busyShare: () => number) {
    this.#clock = clock;
    this.#busyShare = busyShare;
  }

  /** This work was refused. */
  refused(caller: CancelSignal | undefined, work: Subject, { code, fields }: RelaisError): void {
    if (!caller || code !== 'resource_exhausted' || !fields.retryAfterMs) return;
    this.#told.set(caller, { subject: subjectOf(work), comeBackMs: this.#clock.nowMs() + fields.retryAfterMs });
  }

  /** How long work that comes now is to be held, milliseconds; 0 for nearly all. */
  earlyMs(caller: CancelSignal | undefined, work: Subject, budgetMs: number): number {
    const told = caller && this.#told.get(caller);
    if (!told || told.subject !== subjectOf(work) || this.#busyShare() < busyShareMin) return 0;
    const leftMs = told.comeBackMs - this.#clock.nowMs();
    return Math.max(0, Math.min(leftMs, heldMsMax, budgetMs * heldShareMax));
  }

  /** Resolves when the time is over or the caller has gone. */
  hold(forMs: number, caller: CancelSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        stop();
        caller?.removeEventListener('abort', end);
        resolve();
      };
      const stop = this.#clock.after(forMs, end);
      caller?.addEventListener('abort', end);
    });
  }
}

/** What else the caller asks for is no early return. */
function subjectOf({ lang, work }: Subject): string {
  return work.$case === 'invoke' ? work.value.functionId : lang;
}
