/** What the pool keeps: a process that can serve call after call. */
export interface PoolMember {
  /** False once it cannot take another call. */
  readonly alive: boolean;
  /** Resolves when it has ended and its slot is free again. */
  readonly gone: Promise<unknown>;
  kill(): void;
}

/** What instances are of: a function, with one set of secrets. */
export interface InstanceOwner {
  /** Idle ones that stay however long they are; absent: none. */
  readonly warmMin?: number;
}

/** The right to one process. */
export interface Lease<M> {
  /** The function it was taken for. */
  readonly owner: InstanceOwner;
  /** Warm; undefined: the slot is empty and the holder starts one. */
  member: M | undefined;
}

/** A place in the queue for a lease. */
export interface Ticket<M> {
  /** Undefined when the place was given up. */
  readonly lease: Promise<Lease<M> | undefined>;
  /** Gives the place up; without effect once there is a lease. */
  leave(): void;
}

interface Idle<M> {
  readonly owner: InstanceOwner;
  readonly member: M;
  readonly sinceMs: number;
}

interface Waiter<M> {
  readonly owner: InstanceOwner;
  readonly resolve: (lease: Lease<M> | undefined) => void;
  passedOver: number;
}

/** How often a call of another function may overtake the first in the queue because a warm instance of its own came free. */
const passedOverMax = 16;

/**
 * Shares a bounded number of processes between functions. A function has as many as it has calls at once; when all are
 * taken, the one idle for longest of another function makes room, and when none is idle the call waits its turn. The
 * queue is bounded by the worker's credit.
 */
export class InstancePool<M extends PoolMember> {
  readonly #processesMax: number;
  readonly #nowMs: () => number;
  /** Longest idle first. */
  #idle: Idle<M>[] = [];
  readonly #waiters: Waiter<M>[] = [];
  /** Those that have instances started, and take whichever of their function's is free first. */
  readonly #hopeful: Waiter<M>[] = [];
  /** How many are being started for those. */
  readonly #starts = new Map<InstanceOwner, number>();
  #slotsUsed = 0;
  /** In which order members came. */
  readonly #ranks = new WeakMap<M, number>();
  #lastRank = 0;

  constructor(processesMax: number, nowMs: () => number) {
    this.#processesMax = processesMax;
    this.#nowMs = nowMs;
  }

  /** Processes that live or are being started. */
  get slotsUsed(): number {
    return this.#slotsUsed;
  }

  get idleCount(): number {
    return this.#idle.length;
  }

  /** Idle instances of one function. */
  idleOf(owner: InstanceOwner): number {
    return this.#idle.filter((idle) => idle.owner === owner).length;
  }

  /** Since when the one idle for longest is; undefined when none is. */
  get oldestIdleMs(): number | undefined {
    return this.#idle[0]?.sinceMs;
  }

  /** Ends that one; resolves when it is gone. */
  evictOldest(): Promise<unknown> {
    const oldest = this.#idle.shift();
    oldest?.member.kill();
    return oldest?.member.gone ?? Promise.resolve();
  }

  /** A lease at once when a warm instance or an empty slot is there. */
  tryAcquire(owner: InstanceOwner): Lease<M> | undefined {
    const warm = this.#eldestOf(owner);
    if (warm) {
      this.#idle.splice(this.#idle.indexOf(warm), 1);
      return { owner, member: warm.member };
    }
    if (this.#slotsUsed >= this.#processesMax) return undefined;
    this.#slotsUsed++;
    return { owner, member: undefined };
  }

  /** A place in the queue; makes room where something is idle. */
  acquire(owner: InstanceOwner): Ticket<M> {
    const { promise: lease, resolve } = Promise.withResolvers<Lease<M> | undefined>();
    const waiter: Waiter<M> = { owner, resolve, passedOver: 0 };
    this.#waiters.push(waiter);
    this.#idle.shift()?.member.kill();
    return { lease, leave: () => leave(this.#waiters, waiter) };
  }

  /** A lease of whichever instance of the function is free first; undefined too when no longer enough are being started. */
  next(owner: InstanceOwner): Ticket<M> {
    const { promise: lease, resolve } = Promise.withResolvers<Lease<M> | undefined>();
    const waiter: Waiter<M> = { owner, resolve, passedOver: 0 };
    this.#hopeful.push(waiter);
    return { lease, leave: () => leave(this.#hopeful, waiter) };
  }

  /** How many are being started for a function, for no call in particular. */
  startsOf(owner: InstanceOwner): number {
    return this.#starts.get(owner) ?? 0;
  }

  startBegun(owner: InstanceOwner): void {
    this.#starts.set(owner, this.startsOf(owner) + 1);
  }

  /** One has been started for the function, or not: nobody hopes for more than are still being started. */
  startEnded(owner: InstanceOwner): void {
    const left = this.startsOf(owner) - 1;
    if (left > 0) this.#starts.set(owner, left);
    else this.#starts.delete(owner);
    const hopeful = this.#hopeful.filter((waiter) => waiter.owner === owner);
    for (const waiter of hopeful.slice(left)) leave(this.#hopeful, waiter);
  }

  /** Fills an empty lease. From here on the slot is free when the member is gone. */
  fill(lease: Lease<M>, member: M): void {
    lease.member = member;
    this.#ranks.set(member, ++this.#lastRank);
    void member.gone.then(() => {
      this.#idle = this.#idle.filter((idle) => idle.member !== member);
      this.#free();
    });
  }

  /** Gives a lease back: a live member serves the next call or becomes idle. */
  release(lease: Lease<M>): void {
    const { owner, member } = lease;
    // The slot of a member is freed when it is gone.
    if (!member) this.#free();
    else if (member.alive) this.#offer(owner, member);
  }

  /** An empty slot for one more instance, whatever is warm; undefined when there is none. */
  tryGrow(owner: InstanceOwner): Lease<M> | undefined {
    if (this.#slotsUsed >= this.#processesMax || this.#waiters.length > 0) return undefined;
    this.#slotsUsed++;
    return { owner, member: undefined };
  }

  /** Ends what has been idle for at least idleMs, but for the last ones that its owner keeps. */
  retire(idleMs: number): void {
    const left = new Map<InstanceOwner, number>();
    for (const { owner } of this.#idle) left.set(owner, (left.get(owner) ?? 0) + 1);
    this.#endIdle(({ owner, sinceMs }) => {
      const ofOwner = left.get(owner) ?? 0;
      if (this.#nowMs() - sinceMs < idleMs || ofOwner <= (owner.warmMin ?? 0)) return false;
      left.set(owner, ofOwner - 1);
      return true;
    });
  }

  /** Ends the idle instances of one function. */
  drop(owner: InstanceOwner): void {
    this.#endIdle((idle) => idle.owner === owner);
  }

  /** Of the idle ones of a function that which has served longest: those started last for a peak are idle first, and go. */
  #eldestOf(owner: InstanceOwner): Idle<M> | undefined {
    let eldest: Idle<M> | undefined;
    for (const idle of this.#idle) {
      if (idle.owner !== owner || !idle.member.alive) continue;
      if (!eldest || this.#rankOf(idle) < this.#rankOf(eldest)) eldest = idle;
    }
    return eldest;
  }

  #rankOf({ member }: Idle<M>): number {
    return this.#ranks.get(member) ?? 0;
  }

  #endIdle(matches: (idle: Idle<M>) => boolean): void {
    const ending = this.#idle.filter(matches);
    this.#idle = this.#idle.filter((idle) => !matches(idle));
    for (const idle of ending) idle.member.kill();
  }

  #offer(owner: InstanceOwner, member: M): void {
    const at = this.#hopeful.findIndex((waiter) => waiter.owner === owner);
    const [next] = at === -1 ? [this.#nextOf(owner)] : this.#hopeful.splice(at, 1);
    if (next) next.resolve({ owner, member });
    else if (this.#waiters.length > 0) member.kill();
    else this.#idle.push({ owner, member, sinceMs: this.#nowMs() });
  }

  #nextOf(owner: InstanceOwner): Waiter<M> | undefined {
    const [head] = this.#waiters;
    const at = this.#waiters.findIndex((waiter) => waiter.owner === owner);
    if (!head || at === -1) return undefined;
    if (at > 0 && head.passedOver >= passedOverMax) return undefined;
    if (at > 0) head.passedOver++;
    return this.#waiters.splice(at, 1)[0];
  }

  #free(): void {
    this.#slotsUsed--;
    const next = this.#waiters.shift();
    if (!next) return;
    this.#slotsUsed++;
    next.resolve({ owner: next.owner, member: undefined });
  }
}

function leave<M>(waiters: Waiter<M>[], waiter: Waiter<M>): void {
  const at = waiters.indexOf(waiter);
  if (at !== -1) waiters.splice(at, 1);
  waiter.resolve(undefined);
}
