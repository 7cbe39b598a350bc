import type { Clock } from '@relais/kit';
import { buildNotBegun, buildQueueFull, buildTooSlow, closedForBuilds } from './build-failures.js';

const waitingMax = 16;
/** Builds at once, each in a compiler of its own. */
export const buildsAtOnceMax = 2;
/** A build that has taken this long no longer holds up those of others. */
const slowMs = 5000;

/** For whom a build is made. */
export interface BuildAsker {
  /** As BuildWork has it; whoever has none counts as one. */
  readonly caller?: string | undefined;
  /** Fires when nobody wants the build any more. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiter {
  readonly enter: () => void;
  /** Makes it leave with the reason given. */
  readonly ending: AbortController;
}

interface Running {
  readonly stopPatience: () => void;
  /** Said by its timer, which may come a little before the clock is there. */
  isSlow: boolean;
}

/**
 * Gives the builds of one compiler turns by caller: one at a time, beside one of more than 5 s another caller's. At most 16
 * wait; when one more comes, whoever waits with most gives up its newest place to who waits with fewer.
 */
export class BuildQueue {
  readonly #clock: Clock;
  /** By caller, in the order of their turns. */
  readonly #waiting = new Map<string, Waiter[]>();
  /** By caller: nobody has two at once, so that a place is left for others. */
  readonly #running = new Map<string, Running>();
  readonly #endings = new Map<AbortController, Promise<unknown>>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Runs a build when its turn comes, with what is left of its budget; `ended` tells it to end. Rejects with the reason of
   * that, once the build has ended: deadline_exceeded, resource_exhausted reason queue_full, unavailable once closed, or what
   * the asker's signal says. Else with what the build rejects with.
   */
  run<T>(
    budgetMs: number,
    build: (leftMs: number, ended: AbortSignal) => Promise<T>,
    asker: BuildAsker = {},
  ): Promise<T> {
    const ending = new AbortController();
    const result = this.#run(budgetMs, build, asker, ending);
    const forget = () => this.#endings.delete(ending);
    this.#endings.set(ending, result.then(forget, forget));
    return result;
  }

  /** Ends what runs, refuses what waits, and resolves when nothing does either. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const ending of this.#endings.keys()) ending.abort(closedForBuilds());
    await Promise.all(this.#endings.values());
  }

  async #run<T>(
    budgetMs: number,
    build: (leftMs: number, ended: AbortSignal) => Promise<T>,
    { caller = '', signal }: BuildAsker,
    ending: AbortController,
  ): Promise<T> {
    if (this.#closed) throw closedForBuilds();
    signal?.throwIfAborted();
    const endMs = this.#clock.nowMs() + budgetMs;
    let overdue = buildNotBegun;
    const forget = this.#clock.after(budgetMs, () => ending.abort(overdue(budgetMs)));
    const leave = () => ending.abort(signal?.reason);
    signal?.addEventListener('abort', leave);
    try {
      if (this.#mayBegin(caller)) this.#begin(caller);
      else await this.#turn(caller, ending);
      return await this.#perform(caller, async () => {
        ending.signal.throwIfAborted();
        overdue = buildTooSlow;
        return build(Math.max(1, endMs - this.#clock.nowMs()), ending.signal);
      });
    } catch (error) {
      ending.signal.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', leave);
      forget();
    }
  }

  async #perform<T>(caller: string, build: () => Promise<T>): Promise<T> {
    try {
      return await build();
    } finally {
      this.#running.get(caller)?.stopPatience();
      this.#running.delete(caller);
      this.#passOn();
    }
  }

  #mayBegin(caller: string): boolean {
    if (this.#running.size >= buildsAtOnceMax || this.#running.has(caller)) return false;
    return [...this.#running.values()].every(({ isSlow }) => isSlow);
  }

  #begin(caller: string): void {
    const stopPatience = this.#clock.after(slowMs, () => {
      running.isSlow = true;
      this.#passOn();
    });
    const running: Running = { stopPatience, isSlow: false };
    this.#running.set(caller, running);
  }

  #passOn(): void {
    for (const [caller, waiters] of this.#waiting) {
      if (!this.#mayBegin(caller)) continue;
      const [first, ...others] = waiters;
      // Its next turn comes after everyone else's.
      this.#waiting.delete(caller);
      if (others.length > 0) this.#waiting.set(caller, others);
      this.#begin(caller);
      first?.enter();
      return;
    }
  }

  #turn(caller: string, ending: AbortController): Promise<void> {
    this.#makeRoomFor(caller);
    return new Promise((resolve, reject) => {
      const { signal } = ending;
      const leave = () => {
        this.#keepWaiting(caller, (other) => other !== waiter);
        reject(signal.reason);
      };
      const enter = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const waiter = { enter, ending };
      signal.addEventListener('abort', leave);
      this.#waiting.set(caller, [...(this.#waiting.get(caller) ?? []), waiter]);
    });
  }

  #keepWaiting(caller: string, keep: (waiter: Waiter) => boolean): void {
    const kept = (this.#waiting.get(caller) ?? []).filter(keep);
    if (kept.length > 0) this.#waiting.set(caller, kept);
    else this.#waiting.delete(caller);
  }

  #makeRoomFor(caller: string): void {
    const queues = [...this.#waiting.values()];
    if (queues.reduce((sum, { length }) => sum + length, 0) < waitingMax) return;
    const longest = queues.reduce((one, other) => (other.length > one.length ? other : one));
    const own = this.#waiting.get(caller)?.length ?? 0;
    if (longest.length <= own + 1) throw buildQueueFull(waitingMax);
    longest.at(-1)?.ending.abort(buildQueueFull(waitingMax));
  }
}
