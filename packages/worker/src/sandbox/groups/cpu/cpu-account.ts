import { type CpuDebt, type CpuRank, debtAfter, noDebt } from './cpu-debt.js';
import { FreeStart } from './free-start.js';

/** What uses processor time and can be made to yield. */
export interface CpuUser {
  /** Used so far, milliseconds; undefined when it is gone. */
  usedMs(): number | undefined;
  rank(rank: CpuRank): void;
  /** So many processors are for others alone. */
  leave(processors: number): void;
}

/** What goes for all accounts at one time. */
export interface CpuTerms {
  /** Who takes little comes before the others in time. */
  readonly anyLight: boolean;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  /** Many compute at once. */
  readonly contended: boolean;
  /** Several functions are being called. */
  readonly severalCalled: boolean;
  /** Processors for others than those who go last. */
  readonly leaves: number;
}

interface Use {
  countedMs: number;
  readonly start: FreeStart | undefined;
}

/** What a user was told last. */
export interface Standing {
  readonly rank: CpuRank;
  readonly leaves: number;
}

/** Who has owed nothing for so long takes little. */
const lightAfterMs = 1000;
/** Who owes more than this does not. */
const lightOwedMsMax = 20;
/** What it may save up then: enough for an interpreter to collect its garbage or compile what is called often. */
const lightSavedMsMax = 100;
/** A function that has used this since it was counted the last time was called. */
const callMs = 0.1;
/** For so long it is taken to be called on. */
const calledForMs = 1000;
/** More than this of a processor used by all but the one who used most: several compute at once, which is not saved up for. */
const besidesShareMax = 0.25;

const firstStanding: Standing = { rank: 'usual', leaves: 0 };

/**
 * What is owed for all that use processor time for the same, a function as a rule: of many that take little each, all together may take
 * much. It is kept when they are gone, so that the next one does not begin anew.
 */
export class CpuAccount {
  readonly #users = new Map<CpuUser, Use>();
  #debt: CpuDebt = noDebt;
  #standing = firstStanding;
  #unchargedMs = 0;
  /** Of that without the one who used most. */
  #besidesMs = 0;
  #settledMs: number;
  readonly #isFunction: boolean;
  #calledMs = Number.NEGATIVE_INFINITY;
  /** Since when it owes nothing, monotonic milliseconds. */
  #clearSinceMs: number;

  constructor(servedBy: 'itself' | 'others', nowMs: number) {
    this.#isFunction = servedBy === 'others';
    this.#settledMs = nowMs;
    this.#clearSinceMs = nowMs;
  }

  get rank(): CpuRank {
    return this.#standing.rank;
  }

  get owes(): boolean {
    return this.#debt.owedMs > 0;
  }

  /** One that has stood so until now. It starts for free if it `starts` and nothing is owed. */
  join(user: CpuUser, starts: boolean, terms: CpuTerms, stood = firstStanding): void {
    if (this.#users.size === 0) this.settle(terms);
    this.#users.set(user, { countedMs: user.usedMs() ?? 0, start: starts && !this.owes ? new FreeStart() : undefined });
    bring(user, stood, this.#standing);
  }

  started(user: CpuUser, { nowMs }: CpuTerms): void {
    this.#count(user);
    this.#users.get(user)?.start?.end(nowMs);
  }

  /** Returns how it stood. */
  leave(user: CpuUser, terms: CpuTerms): Standing {
    const stood = this.#standing;
    this.#count(user);
    this.#unchargedMs += this.#users.get(user)?.start?.unearnedMs(terms.nowMs) ?? 0;
    this.#users.delete(user);
    if (this.#users.size === 0) this.settle(terms);
    return stood;
  }

  /** Whether it is a function that has been called of late. */
  calledLately(nowMs: number): boolean {
    return this.#isFunction && nowMs - this.#calledMs < calledForMs;
  }

  /** What they have used since they were counted the last time, milliseconds: charged with the next settling. */
  count(nowMs: number): number {
    const usedMs = [...this.#users.keys()].map((user) => this.#count(user));
    const allMs = usedMs.reduce((sum, ms) => sum + ms, 0);
    this.#besidesMs += allMs - Math.max(0, ...usedMs);
    if (allMs > callMs) this.#calledMs = nowMs;
    return allMs;
  }

  /** Charges for what has been counted. */
  settle(terms: CpuTerms): void {
    const { anyLight, contended, leaves, nowMs, severalCalled } = terms;
    const elapsedMs = nowMs - this.#settledMs;
    const sideBySide = this.#besidesMs > elapsedMs * besidesShareMax;
    const staysLight = this.rank === 'light' && !sideBySide;
    // The lower price is for those that all want more than there is; who takes little pays what it always does.
    const price = { contended: contended && !staysLight, savedMsMax: staysLight ? lightSavedMsMax : 0 };
    const owedMsMin = staysLight ? Number.NEGATIVE_INFINITY : 0;
    const before = { ...this.#debt, owedMs: Math.max(owedMsMin, this.#debt.owedMs) };
    this.#debt = debtAfter(before, this.#unchargedMs, elapsedMs, price);
    this.#unchargedMs = 0;
    this.#besidesMs = 0;
    this.#settledMs = nowMs;
    const { owedMs, yields } = this.#debt;
    if (owedMs > lightOwedMsMax) this.#clearSinceMs = nowMs;
    const isLight = anyLight && nowMs - this.#clearSinceMs >= lightAfterMs;
    // Of one function alone they would only be interrupted more: what hands its calls on outweighs them anyway.
    const isLast = yields && (severalCalled || !sideBySide);
    const rank = isLast ? 'last' : isLight ? 'light' : 'usual';
    const next: Standing = { rank, leaves: isLast ? leaves : 0 };
    for (const user of this.#users.keys()) bring(user, this.#standing, next);
    this.#standing = next;
  }

  #count(user: CpuUser): number {
    const use = this.#users.get(user);
    if (!use) return 0;
    const usedMs = (user.usedMs() ?? use.countedMs) - use.countedMs;
    use.countedMs += usedMs;
    this.#unchargedMs += use.start?.after(usedMs) ?? usedMs;
    return usedMs;
  }
}

function bring(user: CpuUser, from: Standing, to: Standing): void {
  if (to.rank !== from.rank) user.rank(to.rank);
  if (to.leaves !== from.leaves) user.leave(to.leaves);
}
