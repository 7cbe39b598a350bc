import { type Clock, ManualClock, RelaisError } from '@relais/kit';
import { rejectionOf } from '../conformance/support.js';
import { BuildQueue } from './build-queue.js';

/** Builds that end when told, and what the queue let happen at once. */
function gate() {
  const enders: (() => void)[] = [];
  const counts = { running: 0, most: 0 };
  const build = async (leftMs: number) => {
    counts.running += 1;
    counts.most = Math.max(counts.most, counts.running);
    await new Promise<void>((resolve) => enders.push(resolve));
    counts.running -= 1;
    return leftMs;
  };
  return { enders, counts, build };
}

test('one build runs at a time, in order, with what is left of its budget', async () => {
  const clock = new ManualClock();
  const queue = new BuildQueue(clock);
  const { enders, counts, build } = gate();
  const builds = [queue.run(1000, build), queue.run(1000, build), queue.run(1000, build)];
  clock.advance(100);
  enders[0]?.();
  expect(await builds[0]).toBe(1000);
  const late = queue.run(1000, build);
  clock.advance(50);
  enders[1]?.();
  expect(await builds[1]).toBe(900);
  enders[2]?.();
  expect(await builds[2]).toBe(850);
  enders[3]?.();
  expect(await late).toBe(950);
  expect(counts.most).toBe(1);
});

test('a turn that does not come in time is deadline_exceeded, and its place is free', async () => {
  const clock = new ManualClock();
  const queue = new BuildQueue(clock);
  const { enders, build } = gate();
  const running = queue.run(10_000, build);
  const late = rejectionOf(queue.run(100, build));
  const patient = queue.run(10_000, build);
  clock.advance(100);
  expect(await late).toMatchObject({ code: 'deadline_exceeded', fault: 'platform', fields: { notStarted: true } });
  enders[0]?.();
  await running;
  enders[1]?.();
  expect(await patient).toBe(9900);
});

test('a build that fails passes the turn on', async () => {
  const queue = new BuildQueue(new ManualClock());
  const failing = queue.run(1000, () => Promise.reject(new Error('no')));
  const next = queue.run(1000, async () => 'done');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('done');
});

test('more than sixteen waiting are refused, and closing refuses those', async () => {
  const queue = new BuildQueue(new ManualClock());
  const { enders, build } = gate();
  const running = queue.run(1000, build);
  const waiting = Array.from({ length: 16 }, () => rejectionOf(queue.run(1000, build)));
  expect((await rejectionOf(queue.run(1000, build))).fields.reason).toBe('queue_full');
  const closed = queue.close();
  expect(new Set((await Promise.all(waiting)).map(({ code }) => code))).toEqual(new Set(['unavailable']));
  expect((await rejectionOf(queue.run(1000, build))).code).toBe('unavailable');
  enders[0]?.();
  await Promise.all([running, closed, queue.close()]);
});

/** Callers of builds in the order in which they began; each ends when told. */
function line(queue: BuildQueue) {
  const began: string[] = [];
  const enders: (() => void)[] = [];
  const ask = (caller: string, signal?: AbortSignal, budgetMs = 100_000) =>
    queue.run(
      budgetMs,
      async () => {
        began.push(caller);
        await new Promise<void>((resolve) => enders.push(resolve));
      },
      { caller, signal },
    );
  const endNext = async () => {
    enders.shift()?.();
    await new Promise(setImmediate);
  };
  return { began, ask, endNext };
}

test('callers take turns, so that a flood of one holds up another for one build', async () => {
  const { began, ask, endNext } = line(new BuildQueue(new ManualClock()));
  const all = [...Array.from({ length: 10 }, () => ask('flood')), ask('calm'), ask('calm'), ask('late')];
  for (let n = 0; n < 6; n++) await endNext();
  expect(began).toEqual(['flood', 'flood', 'calm', 'late', 'flood', 'calm', 'flood']);
  for (let n = 0; n < 7; n++) await endNext();
  await Promise.all(all);
});

test('who asks again each time comes after those that wait', async () => {
  const { began, ask, endNext } = line(new BuildQueue(new ManualClock()));
  const all = [ask('again'), ask('patient'), ask('patient')];
  for (let n = 0; n < 3; n++) {
    all.push(ask('again'));
    await endNext();
  }
  expect(began).toEqual(['again', 'patient', 'again', 'patient']);
  for (let n = 0; n < 3; n++) await endNext();
  await Promise.all(all);
});

test('beside a slow build runs one of another caller, and never a second of its own', async () => {
  const clock = new ManualClock();
  const { began, ask, endNext } = line(new BuildQueue(clock));
  const all = [ask('slow'), ask('slow'), ask('other'), ask('third')];
  clock.advance(4999);
  expect(began).toEqual(['slow']);
  clock.advance(1);
  await new Promise(setImmediate);
  expect(began).toEqual(['slow', 'other']);
  clock.advance(5000);
  await new Promise(setImmediate);
  expect(began).toEqual(['slow', 'other']);
  await endNext();
  expect(began).toEqual(['slow', 'other', 'slow']);
  for (let n = 0; n < 3; n++) await endNext();
  expect(began).toEqual(['slow', 'other', 'slow', 'third']);
  await Promise.all(all);
});

test('a slow build is one although its timer comes before the clock is there', async () => {
  const clock = new ManualClock();
  const early: Clock = {
    nowMs: () => clock.nowMs(),
    wallMs: () => clock.wallMs(),
    every: (ms, action) => clock.every(ms, action),
    after: (ms, action) => clock.after(ms - 0.5, action),
  };
  const { began, ask, endNext } = line(new BuildQueue(early));
  const all = [ask('slow'), ask('other')];
  clock.advance(4999.5);
  await new Promise(setImmediate);
  expect(began).toEqual(['slow', 'other']);
  for (let n = 0; n < 2; n++) await endNext();
  await Promise.all(all);
});

test('a build whose asker has gone leaves its place at once, and fails no other', async () => {
  const { began, ask, endNext } = line(new BuildQueue(new ManualClock()));
  const gone = new AbortController();
  const running = ask('same');
  const left = Promise.all([ask('same', gone.signal), ask('other', gone.signal)].map(rejectionOf));
  const stays = Array.from({ length: 16 - 2 }, () => ask('same'));
  gone.abort(new RelaisError('cancelled', 'gone'));
  expect((await left).map(({ code }) => code)).toEqual(['cancelled', 'cancelled']);
  expect((await rejectionOf(ask('same', gone.signal))).code).toBe('cancelled');
  const again = [ask('same'), ask('other')];
  for (let n = 0; n < 17; n++) await endNext();
  await Promise.all([running, ...stays, ...again]);
  expect(began).toEqual(['same', 'same', 'other', ...Array.from({ length: 14 }, () => 'same')]);
});

test('a running build is told why it shall end, and its turn passes on when it has', async () => {
  const queue = new BuildQueue(new ManualClock());
  const gone = new AbortController();
  let end = () => {};
  const build = (_leftMs: number, ended: AbortSignal) =>
    new Promise<void>((_resolve, reject) => {
      ended.addEventListener('abort', () => {
        end = () => reject(new Error('killed'));
      });
    });
  const running = rejectionOf(queue.run(1000, build, { signal: gone.signal }));
  let hasBegun = false;
  const next = queue.run(1000, async () => {
    hasBegun = true;
  });
  gone.abort(new RelaisError('cancelled', 'gone'));
  await new Promise(setImmediate);
  expect(hasBegun).toBe(false);
  end();
  expect((await running).code).toBe('cancelled');
  await next;
});

test('one whose time ends as its turn comes never begins', async () => {
  const clock = new ManualClock();
  const { began, ask, endNext } = line(new BuildQueue(clock));
  const slow = ask('slow');
  const late = rejectionOf(ask('other', undefined, 5000));
  clock.advance(5000);
  expect((await late).code).toBe('deadline_exceeded');
  const next = ask('other');
  for (let n = 0; n < 2; n++) await endNext();
  await Promise.all([slow, next]);
  expect(began).toEqual(['slow', 'other']);
});

test('who fills the queue gives way to who waits with fewer, until that is as many', async () => {
  const queue = new BuildQueue(new ManualClock());
  const { began, ask, endNext } = line(queue);
  const running = ask('flood');
  const flood = Array.from({ length: 16 }, () =>
    ask('flood').then(
      () => 'built',
      (error: RelaisError) => error.fields.reason,
    ),
  );
  const calm = Array.from({ length: 8 }, () => ask('calm'));
  expect((await rejectionOf(ask('calm'))).fields.reason).toBe('queue_full');
  expect((await rejectionOf(ask('flood'))).fields.reason).toBe('queue_full');
  for (let n = 0; n < 17; n++) await endNext();
  await Promise.all([running, ...calm]);
  expect(began).toHaveLength(17);
  expect(await Promise.all(flood)).toEqual([...Array(8).fill('built'), ...Array(8).fill('queue_full')]);
});
