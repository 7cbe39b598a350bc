import type { KeyRecord } from '@relais/contracts';
import { type Clock, RelaisError } from '@relais/kit';
import { TokenBucket } from './token-bucket.js';

// Weight of the latest call in the average of how long one takes.
const latestWeight = 0.2;
const burstPerRate = 0.05;

/** How many requests one key has under way and may still make, at this gateway. */
export class KeyUsage {
  readonly #record: KeyRecord;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket | undefined;
  #underWay = 0;
  #averageMs = 0;

  constructor(record: KeyRecord, clock: Clock) {
    const { burst, ratePerS } = record;
    this.#record = record;
    this.#clock = clock;
    if (ratePerS > 0) {
      this.#bucket = new TokenBucket(ratePerS, burst || Math.max(1, ratePerS * burstPerRate), clock.nowMs());
    }
  }

  /**
   * Counts a request; what it answers must be called when the request is over, if anything. Throws resource_exhausted,
   * reason rate_limit or concurrency_limit, with when to come again.
   */
  enter(): (() => void) | undefined {
    const { concurrency } = this.#record;
    if (concurrency > 0 && this.#underWay >= concurrency) throw tooMany(concurrency, this.#averageMs / concurrency);
    const waitMs = this.#bucket?.take(this.#clock.nowMs()) ?? 0;
    if (waitMs > 0) throw tooFast(this.#record.ratePerS, waitMs);
    return concurrency > 0 ? this.#hold() : undefined;
  }

  #hold(): () => void {
    const startMs = this.#clock.nowMs();
    this.#underWay++;
    return () => {
      this.#underWay--;
      const tookMs = this.#clock.nowMs() - startMs;
      this.#averageMs += (tookMs - this.#averageMs) * (this.#averageMs === 0 ? 1 : latestWeight);
    };
  }
}

function tooFast(limit: number, waitMs: number): RelaisError {
  return new RelaisError('resource_exhausted', `This key may make ${limit} requests a second.`, {
    reason: 'rate_limit',
    component: 'gateway',
    retryAfterMs: waitMs,
    limit: { name: 'ratePerS', limit, used: limit },
  });
}

function tooMany(limit: number, waitMs: number): RelaisError {
  return new RelaisError('resource_exhausted', `This key may have ${limit} requests under way at once.`, {
    reason: 'concurrency_limit',
    component: 'gateway',
    retryAfterMs: Math.max(1, waitMs),
    limit: { name: 'concurrency', limit, used: limit + 1 },
  });
}
