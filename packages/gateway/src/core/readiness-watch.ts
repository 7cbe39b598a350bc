import { type Clock, newTraceparent } from '@relais/kit';
import { tooManyLookOn } from './failures.js';
import type { Readiness } from './readiness.js';

const periodMs = 1_000;
const watchersMax = 1000;

/** The readiness of the platform for whoever looks on. Anybody may, so all of them together ask but once a second. */
export class ReadinessWatch {
  readonly #readiness: Pick<Readiness, 'reasons'>;
  readonly #clock: Clock;
  readonly #watchers = new Set<AbortSignal>();
  #asked: { readonly atMs: number; readonly isReady: Promise<boolean> } | undefined;

  constructor(readiness: Pick<Readiness, 'reasons'>, clock: Clock) {
    this.#readiness = readiness;
    this.#clock = clock;
  }

  /**
   * Whether the platform is ready, at first and whenever it changes, until the signal fires. Throws resource_exhausted when
   * a thousand look on already.
   */
  async *follow(ended: AbortSignal): AsyncGenerator<boolean> {
    if (ended.aborted) return;
    if (this.#watchers.size >= watchersMax) throw tooManyLookOn('watchersMax', watchersMax);
    // Whoever has left asks for no more, so this may never go on behind a yield.
    const forget = () => void this.#watchers.delete(ended);
    ended.addEventListener('abort', forget, { once: true });
    this.#watchers.add(ended);
    try {
      let last: boolean | undefined;
      while (!ended.aborted) {
        const isReady = await this.#isReady();
        if (isReady !== last) yield isReady;
        last = isReady;
        await pause(this.#clock, ended);
      }
    } finally {
      ended.removeEventListener('abort', forget);
      forget();
    }
  }

  #isReady(): Promise<boolean> {
    const atMs = this.#clock.nowMs();
    if (!this.#asked || atMs - this.#asked.atMs >= periodMs) {
      const reasons = this.#readiness.reasons({ traceparent: newTraceparent(false) });
      this.#asked = { atMs, isReady: reasons.then(({ length }) => length === 0) };
    }
    return this.#asked.isReady;
  }
}

function pause(clock: Clock, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ended.aborted) return resolve();
    const cancel = clock.after(periodMs, done);
    ended.addEventListener('abort', done, { once: true });
    function done(): void {
      cancel();
      ended.removeEventListener('abort', done);
      resolve();
    }
  });
}
