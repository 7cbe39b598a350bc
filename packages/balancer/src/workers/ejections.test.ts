import { Fault, JobResult, WorkerState } from '@relais/contracts';
import { FakeWorker, language, settled } from '../testing/fake-worker.js';
import { ask, call, type Rig, startRig } from '../testing/rig.js';

const context = { budgetMs: 1000 };

async function stateOf(rig: Rig, id: string) {
  const { workers } = await rig.balancer.listWorkers({}, context);
  return workers.find((worker) => worker.id === id);
}

/** All it has fails on the platform's account. */
function fail(worker: FakeWorker, more: object = {}): void {
  const value = { code: 'internal', component: 'worker', fault: Fault.FAULT_PLATFORM, ...more };
  const results = worker.jobs
    .splice(0)
    .map(({ id }) => JobResult.fromPartial({ id, outcome: { $case: 'failure', value }, timings: {} }));
  worker.send({ results });
}

async function failTimes(rig: Rig, worker: FakeWorker, times: number, more: object = {}): Promise<void> {
  for (let count = 0; count < times; count++) {
    ask(rig, call());
    await settled();
    fail(worker, more);
    await settled();
  }
}

/** Time goes by and every worker is heard. */
async function pass(rig: Rig, workers: readonly FakeWorker[], ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    rig.clock.advance(100);
    for (const worker of workers) worker.heartbeat();
    await settled();
  }
}

async function pair() {
  const rig = await startRig({ strategy: 'fifo' });
  const bad = new FakeWorker(rig.balancer, { workerId: 'bad', slots: 10 });
  await settled();
  const good = new FakeWorker(rig.balancer, { workerId: 'good', slots: 100 });
  await settled();
  return { rig, bad, good, workers: [bad, good] };
}

test('five platform errors in a row take a worker out; it is back after five seconds, slowly', async () => {
  const { rig, bad, good, workers } = await pair();
  await failTimes(rig, bad, 4);
  expect((await stateOf(rig, 'bad'))?.state).toBe(WorkerState.WORKER_STATE_READY);
  await failTimes(rig, bad, 1);
  expect(await stateOf(rig, 'bad')).toMatchObject({
    state: WorkerState.WORKER_STATE_EJECTED,
    ejectedForMs: 5000,
    ejections: 1,
  });
  expect((await rig.balancer.getStatus({}, context)).workersReady).toBe(1);
  ask(rig, call());
  await pass(rig, workers, 4900);
  expect([bad.jobs.length, good.jobs.length]).toEqual([0, 1]);
  await pass(rig, workers, 200);
  for (let count = 0; count < 20; count++) ask(rig, call());
  await settled();
  expect(bad.jobs).toHaveLength(1);
  await pass(rig, workers, 5000);
  for (let count = 0; count < 20; count++) ask(rig, call());
  await settled();
  expect(bad.jobs).toHaveLength(5);
  await pass(rig, workers, 5000);
  expect((await stateOf(rig, 'bad'))?.slots).toBe(10);
});

test('each further time lasts longer, until it has done well for long', async () => {
  const { rig, bad, workers } = await pair();
  await failTimes(rig, bad, 5);
  await pass(rig, workers, 5100);
  await failTimes(rig, bad, 5);
  expect(await stateOf(rig, 'bad')).toMatchObject({ ejectedForMs: 10_000, ejections: 2 });
  await pass(rig, workers, 60_100);
  expect(await stateOf(rig, 'bad')).toMatchObject({ ejectedForMs: 0, ejections: 0 });
});

test.each([
  ['the function did', { code: 'aborted', fault: Fault.FAULT_FUNCTION }],
  ['storage did', { code: 'unavailable', component: 'storage' }],
])('what %s wrong is not the worker’s', async (_who, failure) => {
  const { rig, bad } = await pair();
  await failTimes(rig, bad, 20, failure);
  expect((await stateOf(rig, 'bad'))?.state).toBe(WorkerState.WORKER_STATE_READY);
});

test('a success in between begins the count anew', async () => {
  const { rig, bad } = await pair();
  for (let round = 0; round < 5; round++) {
    await failTimes(rig, bad, 4);
    ask(rig, call());
    await settled();
    bad.answer();
    await settled();
  }
  expect((await stateOf(rig, 'bad'))?.state).toBe(WorkerState.WORKER_STATE_READY);
});

test('at most half of those that can do one thing are out at once', async () => {
  const { rig, bad, good } = await pair();
  const only = new FakeWorker(rig.balancer, { workerId: 'only', languages: [language('php')] });
  await settled();
  await failTimes(rig, bad, 5);
  await failTimes(rig, good, 10);
  for (let count = 0; count < 10; count++) {
    ask(rig, call({ lang: 'php', fn: 'page_1' }));
    await settled();
    fail(only);
    await settled();
  }
  const { workers } = await rig.balancer.listWorkers({}, context);
  expect(workers.map(({ id, ejections }) => [id, ejections])).toEqual([
    ['bad', 1],
    ['good', 0],
    ['only', 0],
  ]);
});

test('a worker on which calls take far longer than on the others is ejected too', async () => {
  const rig = await startRig({ strategy: 'rr' });
  const ids = ['w1', 'w2', 'w3', 'slow'];
  const workers: FakeWorker[] = [];
  for (const workerId of ids) {
    workers.push(new FakeWorker(rig.balancer, { workerId, slots: 1 }));
    await settled();
  }
  for (let round = 0; round < 30; round++) {
    for (let count = 0; count < 4; count++) ask(rig, call());
    await settled();
    for (const worker of workers) worker.answer(undefined, worker.id === 'slow' ? 200_000 : 20_000);
    await settled();
  }
  await pass(rig, workers, 200);
  const listed = (await rig.balancer.listWorkers({}, context)).workers;
  expect(listed.map(({ id, ejections }) => [id, ejections])).toEqual([
    ['w1', 0],
    ['w2', 0],
    ['w3', 0],
    ['slow', 1],
  ]);
});

test('an ejected worker that is told to go, or goes, is not let back in', async () => {
  const { rig, bad, workers } = await pair();
  await failTimes(rig, bad, 5);
  await rig.balancer.drainWorker({ workerId: 'bad' }, context);
  await pass(rig, workers, 6000);
  for (let count = 0; count < 20; count++) ask(rig, call());
  await settled();
  expect([bad.jobs.length, (await stateOf(rig, 'bad'))?.state]).toEqual([0, WorkerState.WORKER_STATE_DRAINING]);
  bad.close();
  await pass(rig, [], 100);
  expect(await stateOf(rig, 'bad')).toBeUndefined();
});
