import { FakeSupervisor } from '../testing/fake-supervisor.js';
import { FakeWorker, settled } from '../testing/fake-worker.js';
import { ask, build, call, startRig } from '../testing/rig.js';

/** Room for two calls of functions that have never run. */
const roomy = { workAheadMs: 20 };

/** Moves time in the steps of a ticker, letting messages arrive in between. */
async function pass(rig: Awaited<ReturnType<typeof startRig>>, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    rig.clock.advance(Math.min(50, ms - passed));
    await settled();
  }
}

test('a job that waits too long is answered with the time it waited, and never sent', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  await settled();
  const first = ask(rig, call({ budgetMs: 5000 }));
  const second = ask(rig, call({ budgetMs: 300, invocationId: 'late' }));
  await pass(rig, 330);
  expect(second.failure).toMatchObject({ code: 'deadline_exceeded', component: 'balancer', invocationId: 'late' });
  expect(second.failure?.timings?.queuedUs).toBeGreaterThanOrEqual(300_000);
  expect(second.failure?.timings?.runUs).toBe(0);
  worker.answer();
  await settled();
  expect([first.open, worker.jobs]).toEqual([false, []]);
});

test('a budget that is used up on arrival is answered at once', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  await settled();
  const answer = ask(rig, call({ budgetMs: 0 }));
  await settled();
  expect([answer.failure?.code, worker.jobs]).toEqual(['deadline_exceeded', []]);
});

test('a job that runs too long is answered at once, told to stop, and holds its slot until it does', async () => {
  const rig = await startRig();
  const supervisor = new FakeSupervisor(rig.balancer);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  await settled();
  const slow = ask(rig, call({ budgetMs: 200 }));
  const next = ask(rig, call({ budgetMs: 9000, payload: 'next' }));
  await pass(rig, 230);
  expect(slow.failure).toMatchObject({ code: 'deadline_exceeded', workerId: 'w1', fault: 2 });
  expect(slow.failure?.timings?.runUs).toBeGreaterThanOrEqual(200_000);
  expect(worker.cancelIds).toEqual(worker.jobs.map((job) => job.id));
  expect(next.open).toBe(true);
  worker.answer();
  await settled();
  worker.answer();
  await settled();
  expect([next.output, supervisor.kills]).toEqual(['next', []]);
});

test('an endless loop in an inline worker has it killed, and what had not begun moves on', async () => {
  const rig = await startRig({ bounds: roomy });
  const supervisor = new FakeSupervisor(rig.balancer);
  const stuck = new FakeWorker(rig.balancer, { workerId: 'w1', inline: true });
  await settled();
  const endless = ask(rig, call({ fn: 'endless_1', budgetMs: 300, invocationId: 'bad' }));
  const behind = ask(rig, call({ payload: 'behind' }));
  await settled();
  const [endlessJob] = stuck.jobs;
  expect(stuck.jobs).toHaveLength(2);
  const spare = new FakeWorker(rig.balancer, { workerId: 'w2', inline: true });
  await pass(rig, 350);
  expect([endless.failure?.code, supervisor.kills]).toEqual(['deadline_exceeded', []]);
  await pass(rig, 200);
  expect(supervisor.kills).toEqual([{ workerId: 'w1', reason: expect.stringContaining('invocation bad') }]);
  supervisor.exited('w1', [endlessJob?.id ?? 0]);
  stuck.close();
  await settled();
  expect(spare.jobs.map((job) => [job.invocationId, job.attempt])).toEqual([['inv', 1]]);
  spare.answer();
  await behind.promise;
  expect(behind.output).toBe('behind');
});

test('what waited behind an endless call in a loop is not to blame for its time, the endless one is', async () => {
  const rig = await startRig({ bounds: roomy });
  new FakeSupervisor(rig.balancer);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', inline: true });
  await settled();
  const endless = ask(rig, call({ fn: 'endless_1', budgetMs: 5000 }));
  const behind = ask(rig, call({ budgetMs: 4900 }));
  await settled();
  expect(worker.jobs).toHaveLength(2);
  await pass(rig, 5050);
  expect(behind.failure).toMatchObject({ code: 'deadline_exceeded', reason: 'timeout', fault: 3, workerId: 'w1' });
  expect(endless.failure).toMatchObject({ code: 'deadline_exceeded', reason: 'timeout', fault: 2, workerId: 'w1' });
});

test('a worker that hangs says nothing of how long a function takes', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 8 });
  await settled();
  const known = ask(rig, call());
  await settled();
  worker.answer([...worker.jobs], 5000);
  await known.promise;
  const stuck = ask(rig, call({ budgetMs: 2500 }));
  await pass(rig, 2550);
  expect(stuck.failure).toMatchObject({ code: 'deadline_exceeded', reason: 'timeout', fault: 3 });
  worker.answer();
  await settled();
  // The last slots are for calls that are known to be short.
  for (let count = 0; count < 8; count++) ask(rig, call());
  await settled();
  expect(worker.jobs).toHaveLength(8);
});

test('a long call within its time is not killed for the sake of one that waits behind it', async () => {
  const rig = await startRig({ bounds: roomy });
  const supervisor = new FakeSupervisor(rig.balancer);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', inline: true });
  await settled();
  const warm = ask(rig, call({ fn: 'long_1' }));
  await settled();
  worker.answer();
  await warm.promise;
  const long = ask(rig, call({ fn: 'long_1', budgetMs: 60_000, payload: 'long' }));
  const short = ask(rig, call({ fn: 'short_1', budgetMs: 100 }));
  await settled();
  expect(worker.jobs).toHaveLength(2);
  await pass(rig, 20_000);
  expect([short.failure?.code, long.open, supervisor.kills]).toEqual(['deadline_exceeded', true, []]);
  worker.answer();
  await long.promise;
  expect(long.output).toBe('long');
});

test('a worker that runs calls in processes has longer to stop one', async () => {
  const rig = await startRig();
  const supervisor = new FakeSupervisor(rig.balancer);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  await settled();
  ask(rig, call({ budgetMs: 300 }));
  for (let passed = 0; passed < 2000; passed += 500) {
    await pass(rig, 500);
    worker.heartbeat();
  }
  expect(supervisor.kills).toEqual([]);
  await pass(rig, 500);
  expect(supervisor.kills).toHaveLength(1);
});

test('an overdue build does not cost an inline worker its life while calls run there', async () => {
  const rig = await startRig();
  const supervisor = new FakeSupervisor(rig.balancer);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', inline: true });
  await settled();
  const overdue = ask(rig, build('c', 200));
  const long = ask(rig, call({ budgetMs: 10_000, payload: 'long' }));
  await pass(rig, 5000);
  expect([overdue.failure?.code, supervisor.kills]).toEqual(['deadline_exceeded', []]);
  worker.answer();
  await long.promise;
  expect(long.output).toBe('long');
});

test('a kill that no supervisor could hear is ordered from the next that attaches', async () => {
  const rig = await startRig();
  new FakeWorker(rig.balancer, { workerId: 'w1', inline: true });
  await settled();
  ask(rig, call({ budgetMs: 100 }));
  await pass(rig, 1000);
  const elsewhere = new FakeSupervisor(rig.balancer, 'elsewhere');
  const here = new FakeSupervisor(rig.balancer);
  await settled();
  expect([elsewhere.kills.length, here.kills.map((kill) => kill.workerId)]).toEqual([0, ['w1']]);
});

test('a kill is ordered of every supervisor that attaches until one tells of the end of that worker', async () => {
  const rig = await startRig();
  const deaf = new FakeSupervisor(rig.balancer);
  new FakeWorker(rig.balancer, { workerId: 'w1', inline: true });
  await settled();
  ask(rig, call({ budgetMs: 100 }));
  await pass(rig, 1000);
  const next = new FakeSupervisor(rig.balancer);
  await settled();
  next.exited('w1', []);
  await settled();
  const last = new FakeSupervisor(rig.balancer);
  await settled();
  expect([deaf, next, last].map(({ kills }) => kills.length)).toEqual([1, 1, 0]);
});

test('a worker that attaches again is not killed for what it was blamed for before', async () => {
  const rig = await startRig();
  new FakeWorker(rig.balancer, { workerId: 'w1', inline: true });
  await settled();
  ask(rig, call({ budgetMs: 100 }));
  await pass(rig, 1000);
  new FakeWorker(rig.balancer, { workerId: 'w1', inline: true });
  await settled();
  const supervisor = new FakeSupervisor(rig.balancer);
  await settled();
  expect(supervisor.kills).toEqual([]);
});

describe('a call whose caller goes', () => {
  /** An inline worker on which the named functions have answered. */
  async function inlineWorker(warmFns: readonly string[]) {
    const rig = await startRig({ bounds: roomy });
    const supervisor = new FakeSupervisor(rig.balancer);
    const worker = new FakeWorker(rig.balancer, { workerId: 'w1', inline: true });
    await settled();
    for (const fn of warmFns) {
      const answer = ask(rig, call({ fn }));
      await settled();
      worker.answer();
      await answer.promise;
    }
    return { rig, supervisor, worker };
  }

  test('costs an inline worker that does not get free its life, and what had not begun moves on', async () => {
    const { rig, supervisor, worker } = await inlineWorker([]);
    const caller = new AbortController();
    const gone = ask(rig, call({ fn: 'endless_1', invocationId: 'gone' }), caller.signal);
    const behind = ask(rig, call({ payload: 'behind' }));
    await settled();
    const [goneJob] = worker.jobs;
    expect(worker.jobs).toHaveLength(2);
    await pass(rig, 1000);
    caller.abort();
    await pass(rig, 150);
    expect([gone.error, supervisor.kills]).toEqual([expect.objectContaining({ code: 'cancelled' }), []]);
    await pass(rig, 100);
    expect(supervisor.kills).toEqual([{ workerId: 'w1', reason: expect.stringContaining('invocation gone') }]);
    const next = new FakeWorker(rig.balancer, { workerId: 'w2', inline: true });
    supervisor.exited('w1', [goneJob?.id ?? 0]);
    worker.close();
    await settled();
    next.answer();
    await behind.promise;
    expect(behind.output).toBe('behind');
  });

  test('costs nothing when its result comes within the grace', async () => {
    const { rig, supervisor, worker } = await inlineWorker([]);
    const caller = new AbortController();
    ask(rig, call(), caller.signal);
    await pass(rig, 1000);
    caller.abort();
    await pass(rig, 150);
    worker.answer();
    await settled();
    await pass(rig, 1000);
    expect(supervisor.kills).toEqual([]);
  });

  test.each([
    { first: 'called before', warmFns: ['long_1'] },
    { first: 'never called before', warmFns: [] },
  ])('waits behind the long call of a function $first, which runs on', async ({ warmFns }) => {
    const { rig, supervisor, worker } = await inlineWorker(warmFns);
    const caller = new AbortController();
    const long = ask(rig, call({ fn: 'long_1', budgetMs: 9000, payload: 'long' }));
    ask(rig, call({ fn: 'short_1', budgetMs: 10_000 }), caller.signal);
    await settled();
    expect(worker.jobs).toHaveLength(2);
    caller.abort();
    await pass(rig, 8900);
    expect([long.open, supervisor.kills]).toEqual([true, []]);
    worker.answer();
    await long.promise;
    expect(long.output).toBe('long');
  });

  test('does not cost a worker its life that shows itself alive', async () => {
    const { rig, supervisor, worker } = await inlineWorker([]);
    const caller = new AbortController();
    ask(rig, call({ fn: 'loads_slowly_1' }), caller.signal);
    await settled();
    caller.abort();
    for (let passed = 0; passed < 3000; passed += 150) {
      await pass(rig, 150);
      worker.heartbeat();
      await settled();
    }
    expect(supervisor.kills).toEqual([]);
    await pass(rig, 400);
    expect(supervisor.kills).toHaveLength(1);
  });

  test('is stopped by a worker that runs it in a process', async () => {
    const rig = await startRig();
    const supervisor = new FakeSupervisor(rig.balancer);
    const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
    await settled();
    const caller = new AbortController();
    ask(rig, call({ budgetMs: 10_000 }), caller.signal);
    await settled();
    caller.abort();
    await pass(rig, 2500);
    expect([worker.cancelIds, supervisor.kills]).toEqual([worker.jobs.map((job) => job.id), []]);
  });
});
