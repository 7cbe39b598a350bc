import { JobResult } from '@relais/contracts';
import { RelaisError, toDetail } from '@relais/kit';
import type { BalancerBounds } from '../bounds.js';
import { FakeSupervisor } from '../testing/fake-supervisor.js';
import { FakeWorker, settled } from '../testing/fake-worker.js';
import { type Answer, ask, build, call, type Rig, startRig } from '../testing/rig.js';

interface Scene {
  readonly rig: Rig;
  /** A worker takes what waits, begins it and is killed; what it had. */
  loseOne(): Promise<FakeWorker>;
}

async function start(bounds: Partial<BalancerBounds> = {}): Promise<Scene> {
  const rig = await startRig({ bounds });
  const supervisor = new FakeSupervisor(rig.balancer);
  let count = 0;
  return {
    rig,
    async loseOne() {
      count++;
      const worker = new FakeWorker(rig.balancer, { workerId: `w${count}`, slots: 100 });
      await settled();
      const begun = worker.jobs.map((job) => job.id);
      worker.close();
      supervisor.exited(worker.id, begun);
      await settled();
      return worker;
    },
  };
}

async function pass(rig: Rig, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    rig.clock.advance(10);
    await settled();
  }
}

const lost = (answer: Answer) => answer.failure?.reason === 'worker_lost';

test('what had begun is run again after a pause when that does no harm, and knows which attempt it is', async () => {
  const { rig, loseOne } = await start();
  const answer = ask(rig, call({ idempotent: true, payload: 'once more' }));
  const first = await loseOne();
  const second = new FakeWorker(rig.balancer, { workerId: 'second' });
  await settled();
  expect([answer.open, second.jobs]).toEqual([true, []]);
  await pass(rig, 60);
  expect([...first.jobs, ...second.jobs].map(({ attempt }) => attempt)).toEqual([1, 2]);
  second.answer();
  await settled();
  expect(answer.output).toBe('once more');
});

test('what is not said to be idempotent is never run again, and says so', async () => {
  const { rig, loseOne } = await start();
  const answer = ask(rig, call());
  await loseOne();
  const second = new FakeWorker(rig.balancer, { workerId: 'second' });
  await pass(rig, 1000);
  expect(second.jobs).toEqual([]);
  expect(answer.failure).toMatchObject({ reason: 'worker_lost', attempts: 1, notStarted: false, workerId: 'w1' });
});

test('a build is run again: it has no effect outside', async () => {
  const { rig, loseOne } = await start();
  const answer = ask(rig, build());
  await loseOne();
  const second = new FakeWorker(rig.balancer, { workerId: 'second' });
  await pass(rig, 60);
  expect([answer.open, second.jobs.length]).toEqual([true, 1]);
});

test('twice at most, with a longer pause before the second', async () => {
  const { rig, loseOne } = await start();
  const answer = ask(rig, call({ idempotent: true }));
  await loseOne();
  await pass(rig, 60);
  await loseOne();
  await pass(rig, 40);
  expect((await loseOne()).jobs).toEqual([]);
  await pass(rig, 70);
  expect((await loseOne()).jobs.map(({ attempt }) => attempt)).toEqual([3]);
  expect(answer.failure).toMatchObject({ reason: 'worker_lost', attempts: 3, retryable: true });
});

test('a tenth of what is admitted and what is saved up may be retried, the rest fails', async () => {
  const { rig, loseOne } = await start({ retriesSavedMax: 5 });
  const answers = Array.from({ length: 20 }, () => ask(rig, call({ idempotent: true })));
  await loseOne();
  expect([answers.filter(lost).length, answers.filter(({ open }) => open).length]).toEqual([15, 5]);
});

test('none is begun that would be too late', async () => {
  const { rig, loseOne } = await start({ retryPauseMs: 500 });
  const answer = ask(rig, call({ idempotent: true, budgetMs: 200 }));
  await loseOne();
  expect(lost(answer)).toBe(true);
});

test('who pauses can be given up by the caller and ends with the balancer', async () => {
  const { rig, loseOne } = await start();
  const caller = new AbortController();
  const gone = ask(rig, call({ idempotent: true }), caller.signal);
  const stays = ask(rig, call({ idempotent: true }));
  await loseOne();
  caller.abort();
  await settled();
  expect(gone.error).toMatchObject({ code: 'cancelled' });
  await rig.balancer.stop(0);
  expect(stays.failure).toMatchObject({ reason: 'shutting_down', notStarted: false, attempts: 1 });
  expect(await rig.balancer.getStatus({}, { budgetMs: 1 })).toMatchObject({ jobsQueued: 0, jobsRunning: 0 });
});

test('what a worker could not begin is handed out again, whatever the function, but not for ever', async () => {
  const { rig } = await start();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  await settled();
  const answer = ask(rig, call());
  const failure = toDetail(new RelaisError('unavailable', 'No artifact.', { component: 'storage', notStarted: true }));
  for (let turn = 0; turn < 4; turn++) {
    await pass(rig, 400);
    const [job] = worker.jobs.splice(0, 1);
    expect([answer.open, job?.attempt]).toEqual([true, 1]);
    worker.send({
      results: [JobResult.fromPartial({ id: job?.id ?? 0, outcome: { $case: 'failure', value: failure } })],
    });
    await settled();
  }
  expect(answer.failure).toMatchObject({ component: 'storage', attempts: 4, notStarted: true, workerId: 'w1' });
});
