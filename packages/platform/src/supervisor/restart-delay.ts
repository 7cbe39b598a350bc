import type { ProcessExit } from './worker-process.js';

export type HowItEnded = Pick<ProcessExit, 'outOfMemory' | 'signal'>;

const delayMs = { first: 20, max: 5000 };
/**
 * A worker that ends sooner than this after its start is started again later each time. One that was killed did not fail by
 * itself and will not the next time, once it has got through its start: were it kept away, those that are left would be struck
 * the more often.
 */
const stableMs = { ended: 5000, killed: 1000 };

/** How long the place of a worker stays empty after its end: doubled with each early end, up to 5 s. */
export class RestartDelay {
  #delayMs = delayMs.first;

  /** The worker has ended, or could not be started, so many milliseconds after its start. */
  next(livedMs: number, { outOfMemory, signal }: HowItEnded): number {
    const killed = signal === 'SIGKILL' && !outOfMemory;
    const isStable = livedMs >= (killed ? stableMs.killed : stableMs.ended);
    this.#delayMs = isStable ? delayMs.first : Math.min(delayMs.max, this.#delayMs * 2);
    return this.#delayMs;
  }
}
