import { FakeSupervisor } from '../testing/fake-supervisor.js';
import { FakeWorker, settled } from '../testing/fake-worker.js';
import { ask, call, startRig } from '../testing/rig.js';

const loop = call({ fn: 'loop_1', budgetMs: 900_000 });

/** Two inline workers, and for the second function as many calls as given. */
async function start() {
  const rig = await startRig();
  const supervisor = new FakeSupervisor(rig.balancer);
  const workers = [attach('w1'), attach('w2')];
  await settled();

  function attach(workerId: string): FakeWorker {
    return new FakeWorker(rig.balancer, { workerId, inline: true, slots: 1 });
  }

  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      rig.clock.advance(Math.min(50, ms - passed));
      for (const worker of workers) if (worker.jobs.length === 0) worker.heartbeat();
      await settled();
    }
  }

  /** The supervisor obeys: says so, and the worker attaches. */
  async function spareArrives(workerId: string): Promise<FakeWorker> {
    supervisor.startedSpare(workerId);
    await settled();
    const spare = attach(workerId);
    workers.push(spare);
    await settled();
    return spare;
  }

  return { rig, supervisor, workers, pass, spareArrives };
}

test('a spare is ordered when calls wait and every worker is stalled, and takes them', async () => {
  const { rig, supervisor, pass, spareArrives } = await start();
  ask(rig, loop);
  ask(rig, loop);
  const waiting = ask(rig, call({ payload: 'waiting' }));
  await pass(250);
  expect(supervisor.spares).toEqual([]);
  await pass(50);
  expect(supervisor.spares).toEqual([{ likeWorkerId: 'w1', reason: expect.stringContaining('wants 3') }]);
  const spare = await spareArrives('spare-1');
  expect(spare.jobs).toHaveLength(1);
  spare.answer();
  await waiting.promise;
  expect([waiting.output, supervisor.kills]).toEqual(['waiting', []]);
});

test('none is ordered while nothing waits, or while one worker gives results', async () => {
  const { rig, supervisor, workers, pass } = await start();
  ask(rig, loop);
  ask(rig, loop);
  await pass(1000);
  expect(supervisor.spares).toEqual([]);
  const [, second] = workers;
  second?.answer();
  await settled();
  for (let count = 0; count < 20; count++) ask(rig, call());
  for (let turn = 0; turn < 10; turn++) {
    await pass(200);
    second?.answer();
    await settled();
  }
  expect((await rig.balancer.getStatus({}, { budgetMs: 1 })).jobsQueued).toBe(9);
  expect(supervisor.spares).toEqual([]);
});

test('the next is ordered only when the last is stalled too, up to the bound', async () => {
  const { rig, supervisor, pass, spareArrives } = await start();
  for (let count = 0; count < 20; count++) ask(rig, loop);
  await pass(300);
  supervisor.startedSpare('spare-1');
  await pass(1000);
  expect(supervisor.spares).toHaveLength(1);
  await spareArrives('spare-1');
  await pass(200);
  expect(supervisor.spares).toHaveLength(1);
  for (const count of [2, 3, 4]) {
    await pass(300);
    expect(supervisor.spares).toHaveLength(count);
    await spareArrives(`spare-${count}`);
  }
  await pass(10_000);
  expect(supervisor.spares).toHaveLength(4);
  supervisor.exited('spare-2', []);
  await pass(300);
  expect(supervisor.spares).toHaveLength(5);
});

test('an order that nobody obeys is given again later', async () => {
  const { rig, supervisor, pass } = await start();
  for (let count = 0; count < 3; count++) ask(rig, loop);
  await pass(300);
  await pass(4900);
  expect(supervisor.spares).toHaveLength(1);
  await pass(200);
  expect(supervisor.spares).toHaveLength(2);
});

test('a spare is drained when it has not been needed for a minute, even if it has work, and no other worker is', async () => {
  const { rig, supervisor, workers, pass, spareArrives } = await start();
  ask(rig, loop);
  ask(rig, loop);
  ask(rig, call());
  await pass(300);
  const spare = await spareArrives('spare-1');
  spare.answer();
  await pass(70_000);
  expect(spare.drainSeen).toBe(false);
  for (const worker of workers) worker.answer();
  await settled();
  for (let second = 0; second < 59; second++) {
    ask(rig, call());
    await pass(1000);
    for (const worker of workers) worker.answer();
  }
  expect(spare.drainSeen).toBe(false);
  await pass(3000);
  expect(workers.map((worker) => worker.drainSeen)).toEqual([false, false, true]);
  expect(supervisor.kills).toEqual([]);
});

/** One worker of processes with four slots, and up to two more. */
async function startNative() {
  const rig = await startRig({ bounds: { sparesMax: 2 } });
  const supervisor = new FakeSupervisor(rig.balancer);
  const workers = [new FakeWorker(rig.balancer, { workerId: 'n1', slots: 4 })];
  await settled();
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      rig.clock.advance(50);
      for (const worker of workers) worker.heartbeat();
      await settled();
    }
  };
  return { rig, supervisor, workers, pass };
}

test('workers of processes follow the calls that run and wait for long, and go again', async () => {
  const { rig, supervisor, workers, pass } = await startNative();
  await pass(2000);
  for (let count = 0; count < 20; count++) ask(rig, call({ budgetMs: 900_000 }));
  await pass(200);
  expect(supervisor.spares).toEqual([]);
  await pass(1800);
  expect(supervisor.spares.map(({ likeWorkerId }) => likeWorkerId)).toEqual(['n1', 'n1']);
  for (const workerId of ['spare-1', 'spare-2']) {
    supervisor.startedSpare(workerId);
    await settled();
    workers.push(new FakeWorker(rig.balancer, { workerId, slots: 4 }));
    await pass(200);
  }
  expect(supervisor.spares).toHaveLength(2);
  expect(workers.map(({ jobs }) => jobs.length)).toEqual([4, 4, 4]);
  for (let turn = 0; turn < 5; turn++) {
    for (const worker of workers) worker.answer();
    await settled();
  }
  await pass(55_000);
  expect(workers.map(({ drainSeen }) => drainSeen)).toEqual([false, false, false]);
  await pass(8000);
  expect(workers.map(({ drainSeen }) => drainSeen)).toEqual([false, true, true]);
  const { decisions } = await rig.balancer.explainScale({ subject: 'here native', limit: 0 }, { budgetMs: 1 });
  expect(decisions.map(({ instances, decided, panic }) => [instances, decided, panic])).toEqual([
    [3, 1, false],
    [2, 3, true],
    [1, 2, true],
    [1, 1, false],
  ]);
  expect(decisions[1]).toMatchObject({ kind: 'workers', policy: { min: 1, max: 3, target: 3 } });
});

test('one that has ended is being replaced: none is ordered in its place', async () => {
  const { rig, supervisor, workers, pass } = await startNative();
  const second = new FakeWorker(rig.balancer, { workerId: 'n2', slots: 4 });
  workers.push(second);
  for (let count = 0; count < 5; count++) ask(rig, call({ budgetMs: 900_000 }));
  await pass(5000);
  second.close();
  supervisor.exited('n2', []);
  workers.pop();
  await pass(30_000);
  expect(supervisor.spares).toEqual([]);
});
