import type { RelaisError } from '../errors/relais-error.js';

/** When and how often a refused call is sent again. */
export interface RetryOptions {
  /** Times a call is sent at most, the first included; 1 to 10, default 3. */
  readonly attemptsMax: number;
  /** Retries earned by one call; 0 to 1, default 0.1: over many calls at most one in ten is sent again. */
  readonly budgetRatio: number;
  /** Longest wait before the second attempt, doubled before each later one, milliseconds; default 100. */
  readonly delayMs: number;
  /** Longest wait before any attempt that the platform did not ask for itself, milliseconds; default 2000. */
  readonly delayMsMax: number;
}

export const retryDefaults: RetryOptions = { attemptsMax: 3, budgetRatio: 0.1, delayMs: 100, delayMsMax: 2000 };

/** Retries a client may spend before its calls have earned any. */
const budgetMax = 10;

/** Keeps retries from multiplying the load on a platform in trouble. */
export class RetryBudget {
  readonly #ratio: number;
  #left = budgetMax;

  constructor(ratio: number) {
    this.#ratio = ratio;
  }

  /** A call was made. */
  earn(): void {
    this.#left = Math.min(budgetMax, this.#left + this.#ratio);
  }

  /** Takes one retry; false when there is none left. */
  spend(): boolean {
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

/** What a decision needs to know of a call. */
export interface RetryFacts {
  /** Times it has been sent. */
  readonly attempts: number;
  /** True when sending it twice does no more than sending it once. */
  readonly repeatable: boolean;
  /** Time left before its deadline, milliseconds. */
  readonly remainingMs: number;
}

/**
 * Milliseconds to wait before sending a call again; undefined: tell the failure. `random` is in [0, 1). A call that may
 * have run is repeated only when it is repeatable.
 */
export function retryDelayMs(
  failure: RelaisError,
  facts: RetryFacts,
  options: RetryOptions,
  random: number,
): number | undefined {
  if (facts.attempts >= options.attemptsMax) return undefined;
  const mayRepeat = failure.retryable || (facts.repeatable && failure.code === 'unavailable');
  if (!mayRepeat) return undefined;
  const longestMs = Math.min(options.delayMsMax, options.delayMs * 2 ** (facts.attempts - 1));
  // Full jitter: callers refused together must not come back together.
  const waitMs = (failure.retryAfterMs ?? 0) + longestMs * random;
  return waitMs < facts.remainingMs ? waitMs : undefined;
}
