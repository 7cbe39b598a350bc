import { availableParallelism } from 'node:os';
import { type Clock, idleMsOfMachine } from '@relais/kit';
import { type CpuDebt, type CpuRank, debtAfter, noDebt } from './cpu-debt.js';
import { forOthersAfter, nothingForOthers } from './for-others.js';

/** What uses processor time and can be made to yield. */
export interface CpuUser {
  /** Used so far, milliseconds; undefined when it is gone. */
  usedMs(): number | undefined;
  rank(rank: CpuRank): void;
  /** So many processors are for others alone. */
  leave(processors: number): void;
}

/** Processor time so far, milliseconds; undefined when that is not known. */
export interface CpuUse {
  /** Of all who use the processors, as far as they can be seen. */
  readonly allMs: () => number | undefined;
  /** Of functions among them, also of those that are looked at elsewhere. */
  readonly functionsMs: () => number | undefined;
}

interface Account {
  usedMs: number;
  debt: CpuDebt;
  rank: CpuRank;
  /** Processors that it leaves to others. */
  leaves: number;
  /** Since when it owes nothing, monotonic milliseconds. */
  clearSinceMs: number;
}

const lookMs = 50;
/** Who has owed nothing for so long takes little. */
const lightAfterMs = 1000;
/** Who owes more than this does not. */
const lightOwedMsMax = 20;
/** What it may save up then: enough for an interpreter to collect its garbage or compile what is called often. */
const lightSavedMsMax = 100;
/** Less than this of one processor in use on the whole, and nobody is looked at. */
const quietShare = 0.1;
/** More than this of all processors in use by those that do not yield: several want them, and each gets less than it wants. */
const contendedShare = 0.15;
/** Less than this of all processors idle: somebody waits for them, be it one whom nobody here looks at. */
const idleShare = 0.1;

/**
 * Looks now and then at what each has used of the processors, and makes those go last that use much: they get all that is
 * left over, and never delay who sleeps mostly.
 */
export class FairCpu {
  readonly #clock: Clock;
  readonly #use: CpuUse;
  readonly #idleMs: () => number | undefined;
  readonly #accounts = new Map<CpuUser, Account>();
  readonly #processors: number;
  readonly #anyLight: boolean;
  #contended = false;
  #forOthers = nothingForOthers;
  #allMs = 0;
  /** As of the last look, if it was worth asking. */
  #idleSoFarMs: number | undefined;
  /** The same. */
  #functionsMs: number | undefined;
  #lookedMs = 0;
  #stop: (() => void) | undefined;

  /**
   * idleMs: how long the processors of the machine have been idle, where that is known. anyLight: who takes little comes before the
   * others in time. Default true.
   */
  constructor(
    clock: Clock,
    use: CpuUse,
    { anyLight = true, processors = availableParallelism(), idleMs = idleMsOfMachine } = {},
  ) {
    this.#idleMs = idleMs;
    this.#clock = clock;
    this.#processors = processors;
    this.#anyLight = anyLight;
    this.#use = use;
  }

  add(user: CpuUser): void {
    this.#accounts.set(user, {
      usedMs: user.usedMs() ?? 0,
      debt: noDebt,
      rank: 'usual',
      leaves: 0,
      clearSinceMs: this.#clock.nowMs(),
    });
    if (this.#stop) return;
    this.#allMs = this.#use.allMs() ?? 0;
    this.#lookedMs = this.#clock.nowMs();
    this.#stop = this.#clock.every(lookMs, () => this.#look());
  }

  /** Of one that is there, as of now. */
  debtOf(user: CpuUser): CpuDebt {
    const account = this.#accounts.get(user);
    if (!account) return noDebt;
    settle(user, account, this.#lookAt(this.#clock.nowMs(), 0));
    return account.rank === 'light' ? { ...account.debt, isLight: true } : account.debt;
  }

  /** From now on it owes that, whatever it has used. */
  owe(user: CpuUser, debt: CpuDebt): void {
    const account = this.#accounts.get(user);
    if (!account) return;
    account.usedMs = user.usedMs() ?? account.usedMs;
    const nowMs = this.#clock.nowMs();
    account.debt = debt;
    account.clearSinceMs = debt.isLight ? nowMs - lightAfterMs : nowMs;
    rankAnew(user, account, this.#lookAt(nowMs, 0));
  }

  remove(user: CpuUser): void {
    this.#accounts.delete(user);
    if (this.#accounts.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  #look(): void {
    const nowMs = this.#clock.nowMs();
    const elapsedMs = nowMs - this.#lookedMs;
    const allMs = this.#use.allMs() ?? 0;
    if (elapsedMs <= 0) return;
    const usedByAllMs = allMs - this.#allMs;
    const busy = usedByAllMs > elapsedMs * quietShare;
    this.#lookedMs = nowMs;
    this.#allMs = allMs;
    const othersMs = usedByAllMs - this.#usedByFunctionsMs(busy);
    this.#forOthers = forOthersAfter(this.#forOthers, othersMs, elapsedMs, this.#processors);
    const look = this.#lookAt(nowMs, elapsedMs);
    let inUseMs = 0;
    for (const [user, account] of this.#accounts) {
      if (!busy && account.debt.owedMs <= 0) {
        charge(user, account, 0, look);
        continue;
      }
      const usedMs = settle(user, account, look);
      if (!account.debt.yields) inUseMs += usedMs;
    }
    const wholeMs = elapsedMs * this.#processors;
    const idleMs = this.#idleSince(busy);
    this.#contended = inUseMs > wholeMs * contendedShare || idleMs < wholeMs * idleShare;
  }

  /** Since the last look; more than there can be when that is not known. */
  #usedByFunctionsMs(busy: boolean): number {
    const before = this.#functionsMs;
    this.#functionsMs = busy ? this.#use.functionsMs() : undefined;
    if (before === undefined || this.#functionsMs === undefined) return Number.POSITIVE_INFINITY;
    return this.#functionsMs - before;
  }

  /** How long the processors of the machine were idle since the last look; without end when that is not known. */
  #idleSince(busy: boolean): number {
    const before = this.#idleSoFarMs;
    this.#idleSoFarMs = busy ? this.#idleMs() : undefined;
    if (before === undefined || this.#idleSoFarMs === undefined) return Number.POSITIVE_INFINITY;
    return this.#idleSoFarMs - before;
  }

  #lookAt(nowMs: number, elapsedMs: number): Look {
    const leaves = this.#forOthers.processors;
    return { anyLight: this.#anyLight, nowMs, elapsedMs, contended: this.#contended, leaves };
  }
}

interface Look {
  readonly anyLight: boolean;
  readonly nowMs: number;
  readonly elapsedMs: number;
  readonly contended: boolean;
  /** Processors for others than those who go last. */
  readonly leaves: number;
}

/** Charges for what has been used since the last look, milliseconds, which it returns. */
function settle(user: CpuUser, account: Account, look: Look): number {
  const usedMs = (user.usedMs() ?? account.usedMs) - account.usedMs;
  account.usedMs += usedMs;
  charge(user, account, usedMs, look);
  return usedMs;
}

function charge(user: CpuUser, account: Account, usedMs: number, look: Look): void {
  const { contended, elapsedMs } = look;
  const isLight = account.rank === 'light';
  // The lower price is for those that all want more than there is; who takes little pays what it always does.
  const terms = { contended: contended && !isLight, savedMsMax: isLight ? lightSavedMsMax : 0 };
  account.debt = debtAfter(account.debt, usedMs, elapsedMs, terms);
  rankAnew(user, account, look);
}

function rankAnew(user: CpuUser, account: Account, { anyLight, leaves, nowMs }: Look): void {
  const { owedMs, yields } = account.debt;
  if (owedMs > lightOwedMsMax) account.clearSinceMs = nowMs;
  const isLight = anyLight && nowMs - account.clearSinceMs >= lightAfterMs;
  const rank = yields ? 'last' : isLight ? 'light' : 'usual';
  if (rank !== account.rank) user.rank(rank);
  account.rank = rank;
  const left = yields ? leaves : 0;
  if (left !== account.leaves) user.leave(left);
  account.leaves = left;
}
