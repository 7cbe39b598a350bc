import { availableParallelism } from 'node:os';
import type { Clock } from '@relais/kit';

/** What a process used of the processors when it had to end for it. */
export interface CpuHit {
  readonly limitSeconds: number;
  readonly usedSeconds: number;
}

/** A process that serves call after call. */
export interface CpuUser {
  /** Calls that it was given. */
  readonly calls: number;
  /** Whether one is under way. */
  readonly busy: boolean;
  readonly gone: Promise<unknown>;
  /** Milliseconds, with all that it has started; may fall when something of it ends. Undefined when it cannot be known. */
  cpuUsedMs(): number | undefined;
  endAtCpuLimit(hit: CpuHit): void;
}

interface Account {
  readonly user: CpuUser;
  readonly limitMs: number;
  /** Of the user, when this stretch began. */
  calls: number;
  usedMs: number;
  /** What the user said last; undefined at the beginning of a stretch. */
  readMs: number | undefined;
  /** Before, it cannot have used up what it may. */
  lookAtMs: number;
}

const lookEveryMs = 25;

/**
 * Holds processes to processor time where the kernel cannot, since one call comes after the other and what one has started is
 * many processes. What is used from the beginning of a call to that of the next counts together, so that what a call leaves
 * behind is ended too. It begins to count when it has looked twice, so a short call costs nothing.
 */
export class CpuWatch {
  readonly #clock: Clock;
  readonly #cores: number;
  readonly #accounts = new Set<Account>();
  #stopTicking: (() => void) | undefined;
  #endedIdle = 0;

  constructor(clock: Clock, cores = availableParallelism()) {
    this.#clock = clock;
    this.#cores = cores;
  }

  /** How many were ended while they served nobody. */
  get endedIdle(): number {
    return this.#endedIdle;
  }

  /** From now on, until it is gone. */
  watch(user: CpuUser, limitSeconds: number): void {
    const account = {
      user,
      limitMs: limitSeconds * 1000,
      calls: user.calls,
      usedMs: 0,
      readMs: undefined,
      lookAtMs: 0,
    };
    this.#accounts.add(account);
    void user.gone.then(() => this.#forget(account));
    this.#stopTicking ??= this.#clock.every(lookEveryMs, () => this.#look());
  }

  #forget(account: Account): void {
    this.#accounts.delete(account);
    if (this.#accounts.size > 0) return;
    this.#stopTicking?.();
    this.#stopTicking = undefined;
  }

  #look(): void {
    const nowMs = this.#clock.nowMs();
    for (const account of this.#accounts) {
      const { calls } = account.user;
      if (calls === account.calls) this.#count(account, nowMs);
      else Object.assign(account, { calls, usedMs: 0, readMs: undefined, lookAtMs: 0 });
    }
  }

  #count(account: Account, nowMs: number): void {
    const { limitMs, readMs, user } = account;
    const totalMs = nowMs < account.lookAtMs ? undefined : user.cpuUsedMs();
    if (totalMs === undefined) return;
    account.usedMs += Math.max(0, totalMs - (readMs ?? totalMs));
    account.readMs = totalMs;
    account.lookAtMs = nowMs + (limitMs - account.usedMs) / this.#cores;
    if (account.usedMs <= limitMs) return;
    if (!user.busy) this.#endedIdle++;
    this.#accounts.delete(account);
    // Rounded up, so that it is always seen to be more than what was allowed.
    user.endAtCpuLimit({ limitSeconds: limitMs / 1000, usedSeconds: Math.ceil(account.usedMs / 10) / 100 });
  }
}
