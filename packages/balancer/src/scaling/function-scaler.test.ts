import { FakeSupervisor } from '../testing/fake-supervisor.js';
import { FakeWorker, settled } from '../testing/fake-worker.js';
import { ask, call, type Rig, startRig } from '../testing/rig.js';

const context = { budgetMs: 1000 };

async function pass(rig: Rig, workers: readonly FakeWorker[], ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    rig.clock.advance(100);
    for (const worker of workers) worker.heartbeat();
    await settled();
  }
}

async function start(inline = false) {
  const rig = await startRig();
  const workers = ['w1', 'w2'].map((workerId) => new FakeWorker(rig.balancer, { workerId, slots: 100, inline }));
  await settled();
  return { rig, workers };
}

/** With a function that was called once, and ends what is idle after five seconds. */
async function startIdle(bound: { targetCalls: number } | { max: number }) {
  const { rig, workers } = await start();
  const scale = { ...bound, idleMs: 5000 };
  ask(rig, call({ fn: 'f_1', scale }));
  await settled();
  for (const worker of workers) worker.answer();
  return { rig, scale, workers };
}

const running = (workers: readonly FakeWorker[]) => workers.reduce((sum, { jobs }) => sum + jobs.length, 0);
const idleEnded = ({ frames }: FakeWorker) => frames.flatMap(({ idleFunctionIds }) => idleFunctionIds);

test.each([
  [20, 10],
  [50, 4],
  [200, 1],
  [7, 29],
])('a burst of 200 on an idle function with %i calls an instance runs on %i of them', async (targetCalls, expected) => {
  const { rig, workers } = await start();
  for (let count = 0; count < 200; count++) ask(rig, call({ budgetMs: 600_000, scale: { targetCalls } }));
  let most = 0;
  for (let turn = 0; turn < 50; turn++) {
    await pass(rig, workers, 100);
    most = Math.max(most, running(workers));
  }
  expect(most).toBe(expected);
});

test('the first call on a function that has none starts one at once', async () => {
  const { rig, workers } = await start();
  ask(rig, call({ scale: { targetCalls: 100 } }));
  await settled();
  expect(running(workers)).toBe(1);
});

test('never more than the maximum, and every call is answered', async () => {
  const { rig, workers } = await start();
  const answers = Array.from({ length: 30 }, () => ask(rig, call({ scale: { max: 3 } })));
  for (let turn = 0; turn < 10; turn++) {
    await settled();
    expect(running(workers)).toBe(3);
    for (const worker of workers) worker.answer();
  }
  await settled();
  expect(answers.every(({ output }) => output === 'in')).toBe(true);
});

test('without a word of its owner a function has as many as it has calls', async () => {
  const { rig, workers } = await start();
  ask(rig, call());
  await settled();
  for (const worker of workers) worker.answer();
  await settled();
  for (let count = 0; count < 150; count++) ask(rig, call());
  await settled();
  expect(running(workers)).toBe(150);
});

test('after being idle its workers are told to end what waits, once, and the next call starts anew', async () => {
  const { rig, scale, workers } = await startIdle({ targetCalls: 1 });
  await pass(rig, workers, 4900);
  expect(workers.flatMap(idleEnded)).toEqual([]);
  await pass(rig, workers, 70_000);
  expect(workers.map(idleEnded)).toEqual([['f_1'], ['f_1']]);
  ask(rig, call({ fn: 'f_1', scale }));
  await settled();
  expect(running(workers)).toBe(1);
  const { decisions } = await rig.balancer.explainScale({ subject: 'f_1', limit: 10 }, context);
  expect(decisions.map(({ instances, decided }) => [instances, decided])).toEqual([
    [0, 1],
    [1, 0],
    [0, 1],
  ]);
  expect(decisions[1]).toMatchObject({ kind: 'function', subject: 'f_1', idleForMs: expect.any(Number), panic: false });
  expect(decisions[1]?.idleForMs).toBeGreaterThanOrEqual(5000);
});

test('a call that comes when its workers are away goes out when one is back, however idle its function was', async () => {
  const { rig, scale, workers } = await startIdle({ max: 3 });
  await pass(rig, workers, 75_000);
  for (const worker of workers) worker.close();
  await settled();
  ask(rig, call({ fn: 'f_1', scale, budgetMs: 20_000 }));
  await settled();
  const back = new FakeWorker(rig.balancer, { workerId: 'w3', slots: 100 });
  await pass(rig, [back], 500);
  expect(back.jobs).toHaveLength(1);
});

test('what runs in a worker’s own loop has no instances to scale', async () => {
  const { rig } = await start(true);
  for (let count = 0; count < 5; count++) ask(rig, call({ scale: { targetCalls: 100 } }));
  await settled();
  expect((await rig.balancer.explainScale({ subject: 'hello_1', limit: 10 }, context)).decisions).toEqual([]);
});

/** What each worker was told to keep warm of a function, last. */
const warmAt = (workers: readonly FakeWorker[], fn: string) =>
  workers.map(
    ({ frames }) => frames.flatMap(({ warm }) => warm).findLast(({ functionId }) => functionId === fn)?.instances,
  );

test('a function with a minimum keeps that many warm, from its home on, and is never told to end them', async () => {
  const { rig, workers } = await start();
  ask(rig, call({ fn: 'f_1', scale: { min: 130, idleMs: 5000 } }));
  await settled();
  for (const worker of workers) worker.answer();
  await pass(rig, workers, 90_000);
  expect([...warmAt(workers, 'f_1')].sort()).toEqual([100, 30]);
  expect(workers.flatMap(idleEnded)).toEqual([]);
  const { decisions } = await rig.balancer.explainScale({ subject: 'f_1', limit: 1 }, context);
  expect(decisions[0]).toMatchObject({ decided: 130, policy: { min: 130 } });
});

test('the minimum moves with its worker, and to the version that is called', async () => {
  const { rig, workers } = await start();
  const versionOf = (fn: string) => {
    const job = call({ fn, scale: { min: 2, idleMs: 5000 } });
    if (job.work?.$case === 'invoke') job.work.value.functionName = 'f';
    return job;
  };
  ask(rig, versionOf('f_1'));
  await settled();
  for (const worker of workers) worker.answer();
  await pass(rig, workers, 1000);
  const home = warmAt(workers, 'f_1').indexOf(2);
  expect(warmAt(workers, 'f_1').filter(Boolean)).toEqual([2]);
  const [gone] = workers.splice(home, 1);
  gone?.close();
  await pass(rig, workers, 6000);
  expect(warmAt(workers, 'f_1')).toEqual([2]);
  ask(rig, versionOf('f_2'));
  await settled();
  for (const worker of workers) worker.answer();
  await pass(rig, workers, 90_000);
  expect([warmAt(workers, 'f_1'), warmAt(workers, 'f_2')]).toEqual([[0], [2]]);
  expect(workers.flatMap(idleEnded)).toEqual(['f_1']);
});

test('a burst on a function whose workers are yet to start is held to its instances too', async () => {
  const rig = await startRig();
  const kinds = [{ inline: false, slots: 100, max: 1, usual: 1, runs: ['c'] }];
  new FakeSupervisor(rig.balancer, 'here', kinds);
  await settled();
  for (let count = 0; count < 200; count++) ask(rig, call({ budgetMs: 600_000, scale: { targetCalls: 20 } }));
  const worker = new FakeWorker(rig.balancer, { workerId: 'n1', slots: 100 });
  await pass(rig, [worker], 1000);
  expect(running([worker])).toBe(10);
});
