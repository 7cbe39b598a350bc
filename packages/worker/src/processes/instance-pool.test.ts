import { InstancePool, type Lease, type PoolMember } from './instance-pool.js';

class FakeMember implements PoolMember {
  alive = true;
  readonly gone: Promise<void>;
  readonly #end: () => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise;
    this.#end = resolve;
  }

  kill(): void {
    this.alive = false;
    this.#end();
  }
}

const a = { name: 'a', warmMin: 0 };
const b = { name: 'b', warmMin: 0 };

function poolOf(processesMax: number) {
  const time = { nowMs: 0 };
  const pool = new InstancePool<FakeMember>(processesMax, () => time.nowMs);
  const taken = (owner: object): Lease<FakeMember> => {
    const lease = pool.tryAcquire(owner);
    if (!lease) throw new Error('no lease');
    if (!lease.member) pool.fill(lease, new FakeMember());
    return lease;
  };
  return { pool, taken, time };
}

test('gives a function its warm instance again', () => {
  const { pool, taken } = poolOf(4);
  const first = taken(a);
  pool.release(first);
  expect(taken(a).member).toBe(first.member);
  expect(taken(a).member).not.toBe(first.member);
  expect(pool.slotsUsed).toBe(2);
});

test('gives the one that has served longest, so that those started for a peak are left idle', () => {
  const { pool, taken } = poolOf(4);
  const [eldest, newest] = [taken(a), taken(a)];
  pool.release(eldest);
  pool.release(newest);
  expect(taken(a).member).toBe(eldest.member);
});

test('never gives one function the instance of another', () => {
  const { pool, taken } = poolOf(4);
  const first = taken(a);
  pool.release(first);
  expect(pool.tryAcquire(b)?.member).toBeUndefined();
});

test('holds the bound: the longest idle instance of another function makes room', async () => {
  const { pool, taken } = poolOf(2);
  const [older, newer] = [taken(a), taken(a)];
  pool.release(older);
  pool.release(newer);
  expect(pool.tryAcquire(b)).toBeUndefined();
  const lease = await pool.acquire(b).lease;
  expect(lease).toEqual({ owner: b, member: undefined });
  expect([older.member?.alive, newer.member?.alive]).toEqual([false, true]);
  expect(pool.slotsUsed).toBe(2);
});

test('a call waits its turn when all are busy, and takes over what is given back', async () => {
  const { pool, taken } = poolOf(1);
  const busy = taken(a);
  const ticket = pool.acquire(a);
  pool.release(busy);
  expect((await ticket.lease)?.member).toBe(busy.member);
});

test('a slot freed by a crash serves the next in the queue', async () => {
  const { pool, taken } = poolOf(1);
  const busy = taken(a);
  const ticket = pool.acquire(b);
  busy.member?.kill();
  pool.release(busy);
  expect(await ticket.lease).toEqual({ owner: b, member: undefined });
  expect(pool.slotsUsed).toBe(1);
});

test('a place given up is not served', async () => {
  const { pool, taken } = poolOf(1);
  const busy = taken(a);
  const left = pool.acquire(a);
  const next = pool.acquire(a);
  left.leave();
  pool.release(busy);
  expect(await left.lease).toBeUndefined();
  expect((await next.lease)?.member).toBe(busy.member);
});

test('a busy function cannot starve another for ever', async () => {
  const { pool, taken } = poolOf(1);
  let held = taken(a);
  const starved = pool.acquire(b);
  let served = 0;
  while (held.member?.alive) {
    const next = pool.acquire(a);
    pool.release(held);
    if (!held.member.alive) break;
    held = (await next.lease) ?? held;
    served++;
  }
  expect(served).toBe(16);
  expect((await starved.lease)?.owner).toBe(b);
});

test('retires what has been idle too long, and nothing else', async () => {
  const { pool, taken, time } = poolOf(3);
  const [early, late, busy] = [taken(a), taken(a), taken(b)];
  pool.release(early);
  time.nowMs = 600;
  pool.release(late);
  time.nowMs = 1000;
  pool.retire(1000);
  await early.member?.gone;
  expect([early, late, busy].map((lease) => lease.member?.alive)).toEqual([false, true, true]);
  expect([pool.slotsUsed, pool.idleCount]).toEqual([2, 1]);
});

describe('a call that has one more instance started', () => {
  test('takes the first of its function that is free, and the started one is left for the next', async () => {
    const { pool, taken } = poolOf(4);
    const busy = taken(a);
    const other = taken(b);
    const empty = pool.tryGrow(a);
    pool.startBegun(a);
    const ticket = pool.next(a);
    pool.release(other);
    pool.release(busy);
    expect((await ticket.lease)?.member).toBe(busy.member);
    const started = new FakeMember();
    if (empty) pool.fill(empty, started);
    if (empty) pool.release(empty);
    pool.startEnded(a);
    expect(pool.tryAcquire(a)?.member).toBe(started);
  });

  test('takes the started one when that is there first', async () => {
    const { pool, taken } = poolOf(4);
    const busy = taken(a);
    const empty = pool.tryGrow(a);
    pool.startBegun(a);
    const ticket = pool.next(a);
    const started = new FakeMember();
    if (empty) pool.fill(empty, started);
    if (empty) pool.release(empty);
    pool.startEnded(a);
    expect((await ticket.lease)?.member).toBe(started);
    expect(busy.member?.alive).toBe(true);
  });

  test('is told when none will come: no more hope than are started', async () => {
    const { pool, taken } = poolOf(4);
    taken(a);
    const starts = [pool.tryGrow(a), pool.tryGrow(a)];
    for (const _ of starts) pool.startBegun(a);
    const [first, second] = [pool.next(a), pool.next(a)];
    const [failing, other] = starts;
    if (failing) pool.release(failing);
    pool.startEnded(a);
    expect(await second.lease).toBeUndefined();
    const started = new FakeMember();
    if (other) pool.fill(other, started);
    if (other) pool.release(other);
    pool.startEnded(a);
    expect((await first.lease)?.member).toBe(started);
    expect(pool.slotsUsed).toBe(2);
  });
});
