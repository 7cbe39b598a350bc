import { Flow } from '@relais/kit';
import { FakeSupervisor } from '../testing/fake-supervisor.js';
import { FakeWorker, settled } from '../testing/fake-worker.js';
import { ask, call, type Rig, startRig } from '../testing/rig.js';

const inline = { inline: true, slots: 8, apartSlots: 2 };

/** Has a function known for calls of so many milliseconds. */
async function taught(rig: Rig, worker: FakeWorker, fn: string, runMs: number): Promise<void> {
  ask(rig, call({ fn }));
  await settled();
  worker.answer([...worker.jobs], runMs * 1000);
  await settled();
}

async function pass(rig: Rig, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    rig.clock.advance(50);
    await settled();
  }
}

function flags({ jobs }: FakeWorker): (boolean | undefined)[] {
  return jobs.map(({ apart }) => apart);
}

test('what is unknown or long runs beside the loop, what is known to be short in it', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', ...inline });
  await settled();
  ask(rig, call({ fn: 'short_1' }));
  await settled();
  expect(flags(worker)).toEqual([true]);
  worker.answer([...worker.jobs], 1000);
  await taught(rig, worker, 'long_1', 50);
  ask(rig, call({ fn: 'short_1' }));
  ask(rig, call({ fn: 'long_1' }));
  await settled();
  expect(flags(worker)).toEqual([undefined, true]);
});

test('few run there at once, and they keep nobody from the loop', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', ...inline });
  await settled();
  await taught(rig, worker, 'short_1', 1);
  const long = ['a_1', 'b_1', 'c_1'].map((fn) => ask(rig, call({ fn, payload: fn })));
  await settled();
  expect(worker.jobs).toHaveLength(2);
  await pass(rig, 1000);
  const short = ask(rig, call({ fn: 'short_1', payload: 'short' }));
  await settled();
  expect(flags(worker)).toEqual([true, true, undefined]);
  worker.answer(worker.jobs.slice(2));
  await settled();
  expect(short.output).toBe('short');
  worker.answer(worker.jobs.slice(0, 1));
  await settled();
  expect(worker.jobs).toHaveLength(2);
  worker.answer();
  await settled();
  expect(long.map(({ output }) => output)).toEqual(['a_1', 'b_1', 'c_1']);
});

/** In which only one of the workers is heard of. */
async function passTwoSeconds(rig: Rig, heard: FakeWorker): Promise<void> {
  for (let passedMs = 0; passedMs < 2000; passedMs += 500) {
    heard.heartbeat();
    await pass(rig, 500);
  }
}

/** Two workers, the first of which will say nothing of its own accord. */
async function silentAndHeard(rig: Rig): Promise<readonly [FakeWorker, FakeWorker]> {
  const two = ['w1', 'w2'].map((workerId) => new FakeWorker(rig.balancer, { workerId, ...inline }));
  await settled();
  return two as [FakeWorker, FakeWorker];
}

test('a worker that has fallen silent gets none of them', async () => {
  const rig = await startRig();
  const [silent, heard] = await silentAndHeard(rig);
  await passTwoSeconds(rig, heard);
  ask(rig, call({ fn: 'a_1' }));
  await settled();
  expect([silent.jobs.length, heard.jobs.length]).toEqual([0, 1]);
});

test.each([
  { what: 'calls beside its loop', job: call({ fn: 'a_1', budgetMs: 60_000 }), flow: undefined },
  {
    what: 'streams',
    job: call({ fn: 'a_1', budgetMs: 60_000, streamWindowBytes: 4096 }),
    flow: new Flow(4096, () => {}),
  },
])('$what do not explain why a worker is silent: it gets nothing new, and is killed', async ({ job, flow }) => {
  const rig = await startRig();
  const supervisor = new FakeSupervisor(rig.balancer);
  const [silent, heard] = await silentAndHeard(rig);
  const stuck = ask(rig, job, undefined, flow);
  await settled();
  await passTwoSeconds(rig, heard);
  ask(rig, call({ fn: 'b_1' }));
  await settled();
  expect([silent.jobs.length, heard.jobs.length]).toEqual([1, 1]);
  await passTwoSeconds(rig, heard);
  expect(supervisor.kills.map(({ workerId }) => workerId)).toEqual(['w1']);
  expect(stuck.failure?.reason).toBe('worker_lost');
});

test('a worker whose loop has long given no result gets none, and they wait in the queue', async () => {
  const rig = await startRig();
  const kinds = [{ inline: true, kept: 1, usual: 1, max: 2, slots: 8, runs: ['c'] }];
  const supervisor = new FakeSupervisor(rig.balancer, 'here', kinds);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', ...inline });
  await settled();
  await taught(rig, worker, 'sly_1', 1);
  ask(rig, call({ fn: 'sly_1', budgetMs: 60_000 }));
  await pass(rig, 250);
  const before = ask(rig, call({ fn: 'a_1', payload: 'before' }));
  await settled();
  expect(flags(worker)).toEqual([undefined, true]);
  await pass(rig, 50);
  const after = ask(rig, call({ fn: 'b_1', budgetMs: 60_000, payload: 'after' }));
  await pass(rig, 300);
  expect(worker.jobs).toHaveLength(2);
  expect(supervisor.starts).toHaveLength(1);
  worker.answer();
  await settled();
  expect(flags(worker)).toEqual([true]);
  worker.answer();
  await settled();
  expect([before.output, after.output]).toEqual(['before', 'after']);
});

test.each([300, 2000])(
  'a call that takes all its %d ms in the loop is known for it, whatever runs beside the loop',
  async (budgetMs) => {
    const rig = await startRig();
    const worker = new FakeWorker(rig.balancer, { workerId: 'w1', ...inline });
    await settled();
    await taught(rig, worker, 'slow_1', 1);
    ask(rig, call({ fn: 'a_1' }));
    const slow = ask(rig, call({ fn: 'slow_1', budgetMs }));
    await settled();
    expect(flags(worker)).toEqual([true, undefined]);
    await pass(rig, budgetMs);
    expect(slow.failure).toMatchObject({ code: 'deadline_exceeded', fault: 2 });
    worker.answer(worker.jobs.slice(1));
    await settled();
    ask(rig, call({ fn: 'slow_1' }));
    await settled();
    expect(flags(worker)).toEqual([true, true]);
  },
);

test('they take their slots from those of the worker', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', inline: true, slots: 1, apartSlots: 2 });
  await settled();
  ask(rig, call({ fn: 'a_1' }));
  ask(rig, call({ fn: 'b_1' }));
  await settled();
  expect(worker.jobs).toHaveLength(1);
});

test('one that is overdue is told to stop, and its worker lives', async () => {
  const rig = await startRig();
  const supervisor = new FakeSupervisor(rig.balancer);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', ...inline });
  await settled();
  const endless = ask(rig, call({ fn: 'endless_1', budgetMs: 300 }));
  await settled();
  await pass(rig, 400);
  expect(endless.failure?.code).toBe('deadline_exceeded');
  expect(worker.cancelIds).toHaveLength(1);
  worker.answer();
  await pass(rig, 1000);
  expect(supervisor.kills).toEqual([]);
});

test('a function that took a worker with it is not let into the loop of another, however short it was before', async () => {
  const rig = await startRig();
  const supervisor = new FakeSupervisor(rig.balancer);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', ...inline });
  await settled();
  for (let round = 0; round < 5; round++) await taught(rig, worker, 'sly_1', 1);
  ask(rig, call({ fn: 'sly_1', budgetMs: 300 }));
  await settled();
  expect(flags(worker)).toEqual([undefined]);
  await pass(rig, 700);
  expect(supervisor.kills.map(({ workerId }) => workerId)).toEqual(['w1']);
  const next = new FakeWorker(rig.balancer, { workerId: 'w2', ...inline });
  await settled();
  for (let round = 0; round < 40; round++) await taught(rig, next, 'sly_1', 1);
  ask(rig, call({ fn: 'sly_1' }));
  await settled();
  expect(flags(next)).toEqual([true]);
});

test('workers that can run none beside their loops run all in them', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', inline: true });
  await settled();
  ask(rig, call({ fn: 'unknown_1' }));
  await settled();
  expect(flags(worker)).toEqual([undefined]);
});

test('a loop that was kept for calls that turn out to be long is kept for them no more', async () => {
  const rig = await startRig({ bounds: { workAheadMs: 3, reserveAfterMs: 20 } });
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', ...inline });
  await settled();
  await taught(rig, worker, 'short_1', 1);
  await taught(rig, worker, 'turns_1', 1);
  for (const fn of ['a_1', 'b_1']) ask(rig, call({ fn, budgetMs: 60_000 }));
  for (let count = 0; count < 20; count++) ask(rig, call({ fn: 'turns_1', budgetMs: 60_000 }));
  await settled();
  await pass(rig, 100);
  const inLoop = worker.jobs.filter(({ apart }) => !apart);
  expect(inLoop.length).toBeLessThan(20);
  for (const job of inLoop) worker.answer([job], 60_000);
  await settled();
  expect(flags(worker)).toEqual([true, true]);
  const short = ask(rig, call({ fn: 'short_1', payload: 'short' }));
  await settled();
  worker.answer(worker.jobs.slice(2));
  await settled();
  expect(short.output).toBe('short');
});
