import type { StorageServiceService, WaitForChangeResponse } from '@relais/contracts';
import { type CallContext, type Clock, type Logger, RelaisError, type ServiceOf } from '@relais/kit';

const backoffMsMin = 100;
// An answer may take this much longer than the wait that was asked for.
const answerSlackMs = 2_000;

/** Told what the feed says. Between `lost` and the next `live` nothing may be believed without asking storage. */
export interface FeedListener {
  /** These names changed; undefined: everything may have. */
  changed(names: readonly string[] | undefined): void;
  /** The feed follows storage from here on. */
  live(): void;
  lost(): void;
}

export interface ChangeFeedOptions {
  readonly storage: ServiceOf<typeof StorageServiceService>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly waitMs: number;
  readonly backoffMsMax: number;
}

/** Follows storage's changes by long polls, for ever, with growing pauses while they fail. */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #listener: FeedListener;
  readonly #stopped = new AbortController();
  #revision = 0;
  #isLive = false;

  constructor(options: ChangeFeedOptions, listener: FeedListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** Returns at once; polls until stop. */
  start(): void {
    void this.#follow();
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #follow(): Promise<void> {
    let pauseMs = backoffMsMin;
    while (!this.#stopped.signal.aborted) {
      try {
        // The first answer only tells where the feed stands; from then on nothing is missed.
        const hadNews = this.#take(await this.#poll(this.#isLive ? this.#options.waitMs : 0));
        pauseMs = backoffMsMin;
        // A feed that answers "nothing" at once must not become a busy loop.
        if (!hadNews) await this.#pause(backoffMsMin);
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        this.#lose(error);
        await this.#pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, this.#options.backoffMsMax);
      }
    }
  }

  #take(answer: WaitForChangeResponse): boolean {
    const wentBack = answer.revision < this.#revision;
    this.#revision = answer.revision;
    if (answer.allChanged || wentBack || !this.#isLive) this.#listener.changed(undefined);
    else if (answer.names.length > 0) this.#listener.changed(answer.names);
    else return false;
    if (!this.#isLive) this.#listener.live();
    this.#isLive = true;
    return true;
  }

  #lose(error: unknown): void {
    if (!this.#isLive) return;
    this.#isLive = false;
    this.#options.logger.warn({ error }, 'The change feed broke; every function is looked up until it is back.');
    this.#listener.lost();
  }

  #poll(waitMs: number): Promise<WaitForChangeResponse> {
    const budgetMs = waitMs + answerSlackMs;
    const context: CallContext = { budgetMs, signal: this.#stopped.signal };
    const call = this.#options.storage.waitForChange({ afterRevision: this.#revision, waitMs }, context);
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.after(budgetMs, () =>
        reject(new RelaisError('unavailable', 'The change feed fell silent.', { reason: 'no_answer' })),
      );
      call.then(resolve, reject).finally(cancel);
    });
  }

  #pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#stopped;
      const cancel = this.#options.clock.after(pauseMs, done);
      signal.addEventListener('abort', done, { once: true });
      function done(): void {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      }
    });
  }
}
