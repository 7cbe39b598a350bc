import { RelaisError } from '../../errors/relais-error.js';
import type { Logger } from '../../logging/logger.js';
import type { Clock } from '../../time/clock.js';
import type { Dial, Link } from '../link.js';

const backoffMsMin = 50;
const backoffMsMax = 1_000;

export interface RediallerOptions<Out, In> {
  /** Who is dialled, for logs. */
  readonly name: string;
  readonly dial: Dial<Out, In>;
  /** Takes a new link in the tick in which it is handed over; call {@link Redialler.lost} when it has ended. */
  readonly onLink: (link: Link<Out, In>) => void;
  readonly clock: Clock;
  /** Between 0 and 1. */
  readonly random: () => number;
  readonly logger: Logger;
}

/** Keeps one link up: dials, and dials again with backoff from 50 ms to 1 s, half of it jitter. */
export class Redialler<Out, In> {
  readonly #options: RediallerOptions<Out, In>;
  #failures = 0;
  #stopped = false;
  #cancelTimer: () => void = () => {};

  constructor(options: RediallerOptions<Out, In>) {
    this.#options = options;
  }

  start(): void {
    void this.#dial();
  }

  /** The link handed over has ended: dial again after a while; one that was of no use is not the first of many so quickly. */
  lost(wasOfUse = true): void {
    if (this.#stopped) return;
    const backoffMs = wasOfUse ? Math.min(backoffMsMax, backoffMsMin * 2 ** this.#failures) : backoffMsMax;
    const waitMs = backoffMs * (0.5 + this.#options.random() / 2);
    this.#cancelTimer = this.#options.clock.after(waitMs, () => void this.#dial());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
  }

  async #dial(): Promise<void> {
    const { dial, onLink, logger, name } = this.#options;
    try {
      const link = await dial();
      if (this.#stopped) {
        link.close();
        return;
      }
      onLink(link);
      logger.info({ peer: link.peer }, `linked to ${name}`);
      this.#failures = 0;
    } catch (thrown) {
      // Once per outage: a peer that stays away must not fill the log.
      if (this.#failures === 0) logger.warn({ err: RelaisError.from(thrown) }, `cannot reach ${name}; trying on`);
      this.#failures = Math.min(this.#failures + 1, 16);
      this.lost();
    }
  }
}
