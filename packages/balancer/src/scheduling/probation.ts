import type { JobResult } from '@relais/contracts';
import type { Logger } from '@relais/kit';
import type { FunctionState } from '../functions/function-state.js';
import type { JobEntry } from '../jobs/job-entry.js';

/** For every so many workers one function on probation runs at a time, and one in any case. */
const workersPerSeat = 4;
/** A call keeps the others out for so long at most; what it takes beyond is bounded by its share of the processors. */
const seatMsMax = 2000;

export interface ProbationOptions {
  readonly logger: Logger;
  /** Workers that are attached. */
  readonly workerCount: () => number;
}

/**
 * Functions whose last calls all had to be ended (by their time or another limit) cost a process or a thread each time, and
 * all of them at once would leave the others little of the machine. They run one after another, in turn, until a call of
 * theirs ends by itself.
 */
export class Probation {
  readonly #options: ProbationOptions;
  /** Since when calls keep others out, monotonic milliseconds. */
  readonly #seated = new Map<JobEntry, number>();
  /** In order of their turns. */
  readonly #waiting = new Set<FunctionState>();

  constructor(options: ProbationOptions) {
    this.#options = options;
  }

  /** Whether the next call of a function may begin; if not it is for `next` to say when. */
  admits(fn: FunctionState): boolean {
    if (!fn.onProbation || this.#hasSeat()) return true;
    this.#waiting.add(fn);
    return false;
  }

  begun(entry: JobEntry, nowMs: number): void {
    if (entry.fn.onProbation) this.#seated.set(entry, nowMs);
  }

  /** It holds no slot any more. */
  left(entry: JobEntry): void {
    this.#seated.delete(entry);
  }

  /** The function with calls that waits longest, if its next may be tried now. */
  next(nowMs: number): FunctionState | undefined {
    if (this.#waiting.size === 0) return undefined;
    for (const [entry, sinceMs] of this.#seated) {
      if (nowMs - sinceMs < seatMsMax) break;
      this.#seated.delete(entry);
    }
    if (!this.#hasSeat()) return undefined;
    for (const fn of this.#waiting) {
      this.#waiting.delete(fn);
      if (fn.queue.size > 0) return fn;
    }
    return undefined;
  }

  /** A call of a function has ended: by itself, or because it had to. */
  observe(fn: FunctionState, badly: boolean): void {
    if (fn.isBuild) return;
    const before = fn.onProbation;
    fn.ended(badly);
    if (fn.onProbation === before) return;
    const { logger } = this.#options;
    const fields = { function: fn.name, badEnds: fn.badEnds };
    if (before) logger.info(fields, 'a function is no longer on probation');
    else logger.warn(fields, 'a function is on probation: its last calls were all ended');
  }

  #hasSeat(): boolean {
    return this.#seated.size < Math.max(1, Math.floor(this.#options.workerCount() / workersPerSeat));
  }
}

/**
 * How a call ended, as its worker says: by itself, well or not, or because it had to, by its time (`late`: it is over), another
 * limit or a signal. Undefined where its function's code did not run, nobody wanted it any more, it had only what waiting had
 * left of its time (`waited`) and that was over, or the worker says nothing.
 */
export function endOf(
  { outcome, timings }: JobResult,
  { late, waited }: { readonly late: boolean; readonly waited: boolean },
): 'well' | 'badly' | undefined {
  if (outcome?.$case !== 'failure') return outcome && 'well';
  const { code, exit, notStarted, reason } = outcome.value;
  if (notStarted || !timings?.runUs) return undefined;
  if (late || code === 'deadline_exceeded') return waited ? undefined : 'badly';
  if (reason.endsWith('_limit') || (exit?.signal ?? '') !== '') return 'badly';
  return code === 'cancelled' || code === 'unavailable' ? undefined : 'well';
}
