import { WorkerEnd } from '@relais/contracts';
import { FakeSupervisor } from '../testing/fake-supervisor.js';
import { FakeWorker, settled } from '../testing/fake-worker.js';
import { ask, call, startRig } from '../testing/rig.js';

/** A worker with three calls, of which it has begun the first; a supervisor and a spare worker. */
async function threeInFlight() {
  const rig = await startRig();
  const supervisor = new FakeSupervisor(rig.balancer);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  await settled();
  const answers = ['a', 'b', 'c'].map((payload) => ask(rig, call({ payload })));
  await settled();
  const begun = worker.jobs.slice(0, 1).map((job) => job.id);
  const spare = new FakeWorker(rig.balancer, { workerId: 'w2' });
  await settled();
  return { rig, supervisor, worker, spare, answers, begun };
}

type Scene = Awaited<ReturnType<typeof threeInFlight>>;

async function expectMoved({ answers, spare }: Scene): Promise<void> {
  expect(answers[0]?.failure).toMatchObject({
    code: 'unavailable',
    reason: 'worker_lost',
    workerId: 'w1',
    retryable: false,
    component: 'balancer',
  });
  expect(spare.jobs.map((job) => job.work?.$case === 'invoke' && job.work.value.payload.toString())).toEqual([
    'b',
    'c',
  ]);
  expect(spare.jobs.map((job) => job.attempt)).toEqual([1, 1]);
  spare.answer();
  await settled();
  expect(answers.map((answer) => answer.output)).toEqual([undefined, 'b', 'c']);
}

test('what a lost worker had not begun moves on in order, what it had is answered', async () => {
  const scene = await threeInFlight();
  scene.worker.close();
  await settled();
  expect(scene.answers.every((answer) => answer.open)).toBe(true);
  scene.supervisor.exited('w1', scene.begun);
  await settled();
  await expectMoved(scene);
});

test.each([
  ['ended (SIGKILL)', WorkerEnd.WORKER_END_UNSPECIFIED],
  ['was stopped by a signal and then killed', WorkerEnd.WORKER_END_STOPPED],
  ['ran out of memory', WorkerEnd.WORKER_END_OUT_OF_MEMORY],
])('whose call it had is told that it %s', async (how, end) => {
  const { answers, begun, supervisor, worker } = await threeInFlight();
  worker.close();
  supervisor.exited('w1', begun, end);
  await settled();
  const { message } = answers[0]?.failure ?? {};
  expect(message).toBe(`The worker that had hello_1 ${how}. It may have run: repeat it only if that does no harm.`);
});

test('the report may come before the link ends', async () => {
  const scene = await threeInFlight();
  scene.supervisor.exited('w1', scene.begun);
  await settled();
  expect(scene.answers.every((answer) => answer.open)).toBe(true);
  scene.worker.close();
  await settled();
  await expectMoved(scene);
});

test('a report without an end of the link counts after a while', async () => {
  const scene = await threeInFlight();
  scene.supervisor.exited('w1', scene.begun);
  await settled();
  scene.rig.clock.advance(500);
  await settled();
  await expectMoved(scene);
});

test('a result that was on its way when the report came still counts', async () => {
  const scene = await threeInFlight();
  scene.supervisor.exited('w1', scene.begun);
  await settled();
  scene.worker.answer(scene.worker.jobs.slice(0, 1));
  scene.worker.close();
  await settled();
  expect(scene.answers[0]?.output).toBe('a');
});

test('without a report everything counts as begun', async () => {
  const scene = await threeInFlight();
  scene.worker.close();
  await settled();
  scene.rig.clock.advance(490);
  await settled();
  expect(scene.answers.every((answer) => answer.open)).toBe(true);
  scene.rig.clock.advance(10);
  await settled();
  expect(scene.answers.map((answer) => answer.failure?.reason)).toEqual(Array(3).fill('worker_lost'));
  expect(scene.spare.jobs).toEqual([]);
});

test('the report of one worker says nothing about another', async () => {
  const scene = await threeInFlight();
  scene.worker.close();
  scene.supervisor.exited('w3', []);
  await settled();
  expect(scene.answers.every((answer) => answer.open)).toBe(true);
  expect(scene.spare.jobs).toEqual([]);
});

test('a job that out of time was answered while its worker was being looked into stays answered', async () => {
  const rig = await startRig();
  const supervisor = new FakeSupervisor(rig.balancer);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  await settled();
  const answer = ask(rig, call({ budgetMs: 100 }));
  await settled();
  rig.clock.advance(50);
  worker.close();
  await settled();
  rig.clock.advance(100);
  await settled();
  expect(answer.failure?.code).toBe('deadline_exceeded');
  supervisor.exited('w1', []);
  const spare = new FakeWorker(rig.balancer, { workerId: 'w2' });
  await settled();
  expect(spare.jobs).toEqual([]);
  expect(await rig.balancer.getStatus({}, { budgetMs: 1 })).toMatchObject({ jobsQueued: 0, jobsRunning: 0 });
});

test('an unstarted job does not move on for ever', async () => {
  const rig = await startRig();
  const supervisor = new FakeSupervisor(rig.balancer);
  const answer = ask(rig, call());
  const seen: number[] = [];
  for (const workerId of ['w1', 'w2', 'w3', 'w4', 'w5']) {
    const worker = new FakeWorker(rig.balancer, { workerId });
    await settled();
    seen.push(worker.jobs.length);
    worker.close();
    supervisor.exited(workerId, []);
    await settled();
  }
  expect(seen).toEqual([1, 1, 1, 1, 0]);
  expect(answer.failure).toMatchObject({ code: 'unavailable', reason: 'worker_lost', retryable: true });
});

test('a worker that attaches again under its id has its old session ended first', async () => {
  const rig = await startRig();
  const old = new FakeWorker(rig.balancer, { workerId: 'w1' });
  await settled();
  const answer = ask(rig, call());
  await settled();
  const young = new FakeWorker(rig.balancer, { workerId: 'w1' });
  await settled();
  expect([old.open, young.open]).toEqual([false, true]);
  old.answer();
  rig.clock.advance(500);
  await settled();
  expect(answer.failure?.reason).toBe('worker_lost');
  const next = ask(rig, call({ payload: 'next' }));
  await settled();
  young.answer();
  await next.promise;
  expect(next.output).toBe('next');
});

test('a draining worker gets nothing new, is told so, finishes, and leaves unnoticed', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  await settled();
  const before = ask(rig, call({ payload: 'before' }));
  await settled();
  worker.send({ draining: true });
  await settled();
  expect(worker.drainSeen).toBe(true);
  const after = ask(rig, call({ payload: 'after' }));
  const spare = new FakeWorker(rig.balancer, { workerId: 'w2' });
  await settled();
  expect([worker.jobs.length, spare.jobs.length]).toEqual([1, 1]);
  worker.answer();
  worker.close();
  spare.answer();
  await settled();
  expect([before.output, after.output]).toEqual(['before', 'after']);
});

test('a silent worker is killed and its jobs settled; one that is heard is not', async () => {
  const rig = await startRig();
  const supervisor = new FakeSupervisor(rig.balancer);
  const hung = new FakeWorker(rig.balancer, { workerId: 'hung' });
  await settled();
  const answer = ask(rig, call({ budgetMs: 60_000 }));
  const fine = new FakeWorker(rig.balancer, { workerId: 'fine' });
  for (let second = 0; second < 5; second++) {
    for (let tick = 0; tick < 10; tick++) rig.clock.advance(100);
    fine.heartbeat();
    await settled();
  }
  expect(supervisor.kills.map((kill) => kill.workerId)).toEqual(['hung']);
  expect(answer.failure).toMatchObject({ reason: 'worker_lost', workerId: 'hung' });
  expect([hung.open, fine.open]).toEqual([false, true]);
});

test('an inline worker is silent while a call runs, and only then', async () => {
  const rig = await startRig();
  const supervisor = new FakeSupervisor(rig.balancer);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', inline: true });
  await settled();
  const long = ask(rig, call({ budgetMs: 60_000, payload: 'long' }));
  await settled();
  for (let second = 0; second < 20; second++) rig.clock.advance(1000);
  expect(supervisor.kills).toEqual([]);
  worker.answer();
  await long.promise;
  expect(long.output).toBe('long');
  for (let second = 0; second < 4; second++) rig.clock.advance(1000);
  await settled();
  expect(supervisor.kills).toHaveLength(1);
});

test('no call excuses the silence of a worker whose host is silent too', async () => {
  const rig = await startRig();
  const supervisors = ['gone', 'here'].map((host) => new FakeSupervisor(rig.balancer, host));
  const [gone, here] = ['gone', 'here'].map(
    (host) => new FakeWorker(rig.balancer, { workerId: `on-${host}`, host, inline: true, slots: 1 }),
  );
  await settled();
  const calls = [ask(rig, call({ budgetMs: 60_000 })), ask(rig, call({ budgetMs: 60_000 }))];
  for (const supervisor of supervisors) supervisor.heartbeat();
  await settled();
  expect([gone?.jobs.length, here?.jobs.length]).toEqual([1, 1]);
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 500) {
      rig.clock.advance(500);
      supervisors[1]?.heartbeat();
      await settled();
    }
  };
  await pass(9_500);
  expect(calls.map(({ open }) => open)).toEqual([true, true]);
  await pass(2_500);
  expect(calls.map(({ open }) => open)).toEqual([false, true]);
  expect(calls[0]?.failure).toMatchObject({ reason: 'worker_lost', workerId: 'on-gone' });
});

test('a worker that is silent gets nothing new until it is heard, and what it has stays', async () => {
  const rig = await startRig();
  const [silent, heard] = ['w1', 'w2'].map((workerId) => new FakeWorker(rig.balancer, { workerId, slots: 2 }));
  await settled();
  const first = ask(rig, call());
  await settled();
  expect([silent?.jobs.length, heard?.jobs.length]).toEqual([1, 0]);
  for (let passed = 0; passed < 1800; passed += 100) {
    rig.clock.advance(100);
    heard?.heartbeat();
    await settled();
  }
  const second = ask(rig, call());
  await settled();
  expect([silent?.jobs.length, heard?.jobs.length]).toEqual([1, 1]);
  silent?.heartbeat();
  await settled();
  const third = ask(rig, call());
  await settled();
  expect([silent?.jobs.length, heard?.jobs.length]).toEqual([2, 1]);
  silent?.answer();
  heard?.answer();
  await settled();
  expect([first, second, third].map(({ output }) => output)).toEqual(['in', 'in', 'in']);
});
