import type { CpuRank } from './cpu-debt.js';
import { CpuLedger } from './cpu-ledger.js';
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
  /** To be paid for since the last settling. */
  newMs: number;
  readonly start: FreeStart | undefined;
}

/** What a user was told last. */
export interface Standing {
  readonly rank: CpuRank;
  readonly leaves: number;
}

/** A function that has used this since it was counted the last time was called. */
const callMs = 0.1;
/** For so long it is taken to be called on. */
const calledForMs = 1000;
/** More than this of a processor used by all but the one who used most: several compute at once, which is not saved up for. */
const besidesShareMax = 0.25;

const firstStanding: Standing = { rank: 'usual', leaves: 0 };

/**
 * What is owed for all that use processor time for the same, a function as a rule: of many that take little each, all together may take
 * much. It is kept when they are gone, so that the next one does not begin anew. Where no other function is called, only the one that
 * uses most counts: nobody waits for the others but what hands their calls on, which outweighs them, and going last they would only be
 * interrupted more.
 */
export class CpuAccount {
  readonly #users = new Map<CpuUser, Use>();
  readonly #isFunction: boolean;
  /** Of all of them. */
  readonly #together: CpuLedger;
  /** Of the one that used most, from settling to settling. */
  readonly #greatest: CpuLedger;
  #standing = firstStanding;
  /** To be paid for since the last settling, by all and by the one that used most. */
  #newMs = { together: 0, greatest: 0 };
  #calledMs = Number.NEGATIVE_INFINITY;
  #settledMs: number;

  constructor(servedBy: 'itself' | 'others', nowMs: number) {
    this.#isFunction = servedBy === 'others';
    this.#together = new CpuLedger(nowMs);
    this.#greatest = new CpuLedger(nowMs);
    this.#settledMs = nowMs;
  }

  get rank(): CpuRank {
    return this.#standing.rank;
  }

  get owes(): boolean {
    return this.#together.owes;
  }

  /** One that has stood so until now. It starts for free if it `starts` and nothing is owed. */
  join(user: CpuUser, starts: boolean, terms: CpuTerms, stood = firstStanding): void {
    if (this.#users.size === 0) this.settle(terms);
    const start = starts && !this.#judgedBy(terms).owes ? new FreeStart() : undefined;
    this.#users.set(user, { countedMs: user.usedMs() ?? 0, newMs: 0, start });
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
    this.#newMs.together += this.#users.get(user)?.start?.unearnedMs(terms.nowMs) ?? 0;
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
    let usedMs = 0;
    for (const user of this.#users.keys()) usedMs += this.#count(user);
    if (usedMs > callMs) this.#calledMs = nowMs;
    return usedMs;
  }

  /** Charges for what has been counted. */
  settle(terms: CpuTerms): void {
    const { leaves, nowMs } = terms;
    const { greatest, together } = this.#newMs;
    this.#together.charge(together, {
      ...terms,
      forfeits: together - greatest > (nowMs - this.#settledMs) * besidesShareMax,
    });
    this.#greatest.charge(greatest, terms);
    this.#newMs = { together: 0, greatest: 0 };
    this.#settledMs = nowMs;
    for (const use of this.#users.values()) use.newMs = 0;
    const { rank } = this.#judgedBy(terms);
    const next: Standing = { rank, leaves: rank === 'last' ? leaves : 0 };
    for (const user of this.#users.keys()) bring(user, this.#standing, next);
    this.#standing = next;
  }

  #judgedBy({ severalCalled }: CpuTerms): CpuLedger {
    return severalCalled ? this.#together : this.#greatest;
  }

  #count(user: CpuUser): number {
    const use = this.#users.get(user);
    if (!use) return 0;
    const usedMs = (user.usedMs() ?? use.countedMs) - use.countedMs;
    use.countedMs += usedMs;
    const newMs = use.start?.after(usedMs) ?? usedMs;
    use.newMs += newMs;
    this.#newMs.together += newMs;
    this.#newMs.greatest = Math.max(this.#newMs.greatest, use.newMs);
    return usedMs;
  }
}

function bring(user: CpuUser, from: Standing, to: Standing): void {
  if (to.rank !== from.rank) user.rank(to.rank);
  if (to.leaves !== from.leaves) user.leave(to.leaves);
}
