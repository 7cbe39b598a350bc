import { availableParallelism } from 'node:os';
import { type Clock, idleMsOfMachine } from '@relais/kit';
import { CpuAccount, type CpuTerms, type CpuUser, type Standing } from './cpu-account.js';
import { forOthersAfter, nothingForOthers } from './for-others.js';

/** Processor time so far, milliseconds; undefined when that is not known. */
export interface CpuUse {
  /** Of all who use the processors, as far as they can be seen. */
  readonly allMs: () => number | undefined;
  /** Of functions among them, also of those that are looked at elsewhere. */
  readonly functionsMs: () => number | undefined;
}

const lookMs = 50;
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
  readonly #accounts = new Map<CpuUser, CpuAccount>();
  readonly #owners = new WeakMap<object, CpuAccount>();
  readonly #processors: number;
  readonly #anyLight: boolean;
  #contended = false;
  #severalCalled = false;
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

  /** It pays for itself, until it serves somebody. */
  add(user: CpuUser): void {
    if (!this.#stop) {
      this.#allMs = this.#use.allMs() ?? 0;
      this.#lookedMs = this.#clock.nowMs();
      this.#stop = this.#clock.every(lookMs, () => this.#look());
    }
    this.#join(user, new CpuAccount('itself', this.#clock.nowMs()), false);
  }

  /** From now on it starts and works for the owner, whose account pays for all that do. */
  serve(user: CpuUser, owner: object): void {
    const before = this.#accounts.get(user);
    if (!before) return;
    const account = this.#owners.get(owner) ?? new CpuAccount('others', this.#clock.nowMs());
    this.#owners.set(owner, account);
    const stood = before.leave(user, this.#terms());
    this.#join(user, account, true, stood);
  }

  /** It has started, and is in nobody's way for that any more. */
  started(user: CpuUser): void {
    this.#accounts.get(user)?.started(user, this.#terms());
  }

  remove(user: CpuUser): void {
    this.#accounts.get(user)?.leave(user, this.#terms());
    this.#accounts.delete(user);
    if (this.#accounts.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  #join(user: CpuUser, account: CpuAccount, starts: boolean, stood?: Standing): void {
    account.join(user, starts, this.#terms(), stood);
    this.#accounts.set(user, account);
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
    const accounts = new Set(this.#accounts.values());
    const inUseMs = this.#count(accounts, busy);
    const wholeMs = elapsedMs * this.#processors;
    const idleMs = this.#idleSince(busy);
    this.#contended = inUseMs > wholeMs * contendedShare || idleMs < wholeMs * idleShare;
    const called = [...accounts].filter((account) => account.calledLately(nowMs));
    this.#severalCalled = called.length > 1;
    const terms = this.#terms();
    for (const account of accounts) account.settle(terms);
  }

  /** Returns what those who did not go last have used since the last look, milliseconds. */
  #count(accounts: ReadonlySet<CpuAccount>, busy: boolean): number {
    let inUseMs = 0;
    for (const account of accounts) {
      if (!busy && !account.owes) continue;
      const usedMs = account.count(this.#lookedMs);
      if (account.rank !== 'last') inUseMs += usedMs;
    }
    return inUseMs;
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

  #terms(): CpuTerms {
    const leaves = this.#forOthers.processors;
    return {
      anyLight: this.#anyLight,
      nowMs: this.#clock.nowMs(),
      contended: this.#contended,
      severalCalled: this.#severalCalled,
      leaves,
    };
  }
}
