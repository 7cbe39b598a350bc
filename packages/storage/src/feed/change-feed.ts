import type { WaitForChangeRequest, WaitForChangeResponse } from '@relais/contracts';
import { type CallContext, type CancelSignal, type Clock, randomHex } from '@relais/kit';
import { overLimit, storageError } from '../errors.js';

const waitMsMax = 60_000;

export interface ChangeFeedOptions {
  readonly clock: Clock;
  /** Changes that can be told one by one; a watcher further behind is told that everything may have changed. */
  readonly changesKept: number;
  /** Polls waiting at once; beyond it a poll that would wait is refused with resource_exhausted. */
  readonly watchersMax: number;
}

/**
 * Which names changed after which revision. Revisions grow by one with each change and start at a random number, so that
 * a watcher of an earlier process is told that everything may have changed.
 */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #watchers = new Set<() => void>();
  // The name of revision r is at r modulo the length.
  readonly #names: string[] = [];
  #first: number;
  #revision: number;
  #stopped = false;

  constructor(options: ChangeFeedOptions) {
    this.#options = options;
    this.#revision = 1 + Number.parseInt(randomHex(6), 16);
    this.#first = this.#revision;
  }

  /** Records changes and answers every waiting poll. */
  publish(names: readonly string[]): void {
    for (const name of names) {
      this.#revision += 1;
      this.#names[this.#revision % this.#options.changesKept] = name;
    }
    this.#first = Math.max(this.#first, this.#revision - this.#options.changesKept);
    this.#wakeAll();
  }

  /** Everything may have changed. */
  reset(): void {
    this.#revision += 1;
    this.#first = this.#revision;
    this.#wakeAll();
  }

  /**
   * Answers at once when something changed after the revision, else on the next change, after waitMs or when the
   * caller's budget ends, whichever comes first. Rejects with cancelled when the caller goes, with unavailable when
   * stopped.
   */
  async wait({ afterRevision, waitMs }: WaitForChangeRequest, context: CallContext): Promise<WaitForChangeResponse> {
    if (waitMs > waitMsMax) throw overLimit('waitMs', waitMsMax, waitMs, `wait_ms is at most ${waitMsMax}.`);
    if (this.#stopped) throw storageError('unavailable', 'storage_stopping', 'The storage is stopping.');
    const patienceMs = Math.min(waitMs, context.budgetMs);
    if (afterRevision === this.#revision && patienceMs > 0) await this.#change(patienceMs, context.signal);
    return this.#since(afterRevision);
  }

  /** Answers every waiting poll at once; later polls are refused. */
  stop(): void {
    this.#stopped = true;
    this.#wakeAll();
  }

  #since(revision: number): WaitForChangeResponse {
    const reaches = revision >= this.#first && revision <= this.#revision;
    if (!reaches) return { revision: this.#revision, names: [], allChanged: true };
    const names = new Set<string>();
    for (let at = revision + 1; at <= this.#revision; at++) {
      names.add(this.#names[at % this.#options.changesKept] ?? '');
    }
    return { revision: this.#revision, names: [...names], allChanged: false };
  }

  #change(patienceMs: number, signal: CancelSignal | undefined): Promise<void> {
    const { clock, watchersMax } = this.#options;
    if (signal?.aborted) return Promise.reject(cancelled());
    if (this.#watchers.size >= watchersMax) return Promise.reject(tooManyWatchers(watchersMax));
    return new Promise((resolve, reject) => {
      const finish = () => {
        this.#watchers.delete(finish);
        stopTimer();
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const abort = () => {
        reject(cancelled());
        finish();
      };
      const stopTimer = clock.after(patienceMs, finish);
      this.#watchers.add(finish);
      signal?.addEventListener('abort', abort);
    });
  }

  #wakeAll(): void {
    for (const wake of [...this.#watchers]) wake();
  }
}

function cancelled() {
  return storageError('cancelled', 'caller_gone', 'The caller no longer waits for changes.');
}

function tooManyWatchers(limit: number) {
  const message = 'Too many callers wait for changes; poll again later.';
  return storageError('resource_exhausted', 'watchers_limit', message, {
    fault: 'platform',
    retryAfterMs: 1000,
    limit: { name: 'watchersMax', limit, used: limit + 1 },
  });
}
