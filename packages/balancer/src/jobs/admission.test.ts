import { JobResult } from '@relais/contracts';
import { FakeWorker, settled } from '../testing/fake-worker.js';
import { type Answer, ask, call, type Rig, startRig } from '../testing/rig.js';

/** A worker of one slot that has been there for a while. */
async function oldWorker(rig: Rig): Promise<FakeWorker> {
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  for (let second = 0; second < 5; second++) {
    await settled();
    rig.clock.advance(1000);
    worker.heartbeat();
  }
  await settled();
  return worker;
}

/** The same, answering each call after so long. */
async function slowWorker(rig: Rig): Promise<(calls: number, runMs: number) => Promise<void>> {
  const worker = await oldWorker(rig);
  return async (calls, runMs) => {
    for (let count = 0; count < calls; count++) {
      rig.clock.advance(runMs);
      worker.answer(undefined, runMs * 1000);
      await settled();
    }
  };
}

const reasons = (answers: readonly Answer[]) => answers.map(({ failure }) => failure?.reason);

test('a call that could not be done in its time is refused at once, with what it would take and when to ask again', async () => {
  const rig = await startRig();
  const work = await slowWorker(rig);
  const known = ask(rig, call());
  await settled();
  await work(1, 100);
  expect(known.output).toBe('in');
  // One runs and nine wait: the tenth in the queue would be done after 1000 ms and more.
  for (let count = 0; count < 10; count++) ask(rig, call());
  const late = ask(rig, call({ budgetMs: 950 }));
  const patient = ask(rig, call({ budgetMs: 1500 }));
  await settled();
  expect(late.failure).toMatchObject({
    code: 'resource_exhausted',
    reason: 'would_be_late',
    component: 'balancer',
    notStarted: true,
    limit: { name: 'budgetMs', limit: 950, used: 1000 },
    retryAfterMs: 50,
  });
  expect(patient.open).toBe(true);
  await work(11, 100);
  expect(patient.output).toBe('in');
});

test('the first to wait is never refused, however long its function runs', async () => {
  const rig = await startRig();
  const work = await slowWorker(rig);
  ask(rig, call());
  await settled();
  await work(1, 2000);
  ask(rig, call());
  const first = ask(rig, call({ budgetMs: 100 }));
  const second = ask(rig, call({ budgetMs: 100 }));
  await settled();
  expect([first.open, second.failure?.reason]).toEqual([true, 'would_be_late']);
});

test('while nothing tells how long it takes, all wait, up to sixteen times the length of a queue', async () => {
  const rig = await startRig({ bounds: { queueLengthMax: 3 } });
  await slowWorker(rig);
  const answers = Array.from({ length: 50 }, () => ask(rig, call({ budgetMs: 50 })));
  await settled();
  // One runs.
  expect(reasons(answers)).toEqual([...Array(49).fill(undefined), 'queue_full']);
});

test('a function whose run time is not known is judged by how fast its calls leave', async () => {
  const rig = await startRig({ bounds: { queueWaitTargetMs: 60_000 } });
  const worker = await oldWorker(rig);
  for (let count = 0; count < 30; count++) ask(rig, call({ budgetMs: 60_000 }));
  for (let count = 0; count < 10; count++) {
    rig.clock.advance(100);
    // What fails before it runs tells no run time.
    const outcome = { $case: 'failure' as const, value: { code: 'internal' } };
    const results = worker.jobs.splice(0).map(({ id }) => JobResult.fromPartial({ id, outcome, timings: {} }));
    worker.send({ results });
    await settled();
  }
  const answers = [ask(rig, call({ budgetMs: 1500 })), ask(rig, call({ budgetMs: 2500 }))];
  await settled();
  expect(reasons(answers)).toEqual(['would_be_late', undefined]);
});

test('nobody is judged by how long calls took while their workers had just come', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  await settled();
  ask(rig, call());
  await settled();
  rig.clock.advance(2000);
  worker.answer(undefined, 2_000_000);
  await settled();
  const answers = Array.from({ length: 10 }, () => ask(rig, call({ budgetMs: 5000 })));
  await settled();
  expect(answers.every(({ open }) => open)).toBe(true);
});

test('a queue that stands is cut short, and is whole again when it no longer does', async () => {
  const rig = await startRig({ bounds: { queueWaitTargetMs: 500 } });
  const work = await slowWorker(rig);
  const ofMany = Array.from({ length: 100 }, () => ask(rig, call({ budgetMs: 600_000 })));
  await settled();
  expect(ofMany.every(({ open }) => open)).toBe(true);
  await work(50, 50);
  const refused = ask(rig, call({ budgetMs: 600_000 }));
  await settled();
  expect(refused.failure).toMatchObject({ code: 'resource_exhausted', reason: 'overloaded', notStarted: true });
  expect(refused.failure?.limit).toMatchObject({ name: 'queueWaitTargetMs', limit: 500 });
  expect(refused.failure?.retryAfterMs).toBeGreaterThan(10);
  await work(50, 50);
  expect(ofMany.map(({ output }) => output)).toEqual(Array(100).fill('in'));
  for (let second = 0; second < 12; second++) {
    ask(rig, call());
    await settled();
    await work(1, 1000);
  }
  const again = Array.from({ length: 256 }, () => ask(rig, call({ budgetMs: 900_000 })));
  await settled();
  expect(reasons(again).filter(Boolean)).toEqual([]);
});

test.each([
  ['as many as leave soon', 20, 27],
  ['sixteen times as many at most', 1, 161],
  ['no more where they wait long', 300, 11],
])('a queue over its length takes %s', async (_, runMs, taken) => {
  const rig = await startRig({ bounds: { queueLengthMax: 10, queueWaitTargetMs: 500 } });
  const work = await slowWorker(rig);
  ask(rig, call());
  await settled();
  await work(1, runMs);
  const answers = Array.from({ length: 180 }, () => ask(rig, call({ budgetMs: 60_000 })));
  await settled();
  expect(reasons(answers).filter(Boolean)).toEqual(Array(180 - taken).fill('queue_full'));
});
