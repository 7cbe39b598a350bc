import { FakeSupervisor } from '../testing/fake-supervisor.js';
import { FakeWorker, language, settled } from '../testing/fake-worker.js';
import { ask, build, call, startRig } from '../testing/rig.js';

const wasm = { inline: true, slots: 1, runs: ['c'] };
const native = { inline: false, slots: 4, runs: ['c'], builds: ['c'] };
const loop = call({ fn: 'loop_1', budgetMs: 900_000 });

/** Two inline workers, and for the second function as many calls as given. */
async function start() {
  const rig = await startRig();
  const supervisor = new FakeSupervisor(rig.balancer, 'here', [{ ...wasm, kept: 2, usual: 2, max: 6 }]);
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
    supervisor.started(workerId, true);
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
  expect(supervisor.starts).toEqual([]);
  await pass(50);
  expect(supervisor.starts).toEqual([{ inline: true, reason: expect.stringContaining('wants 3') }]);
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
  expect(supervisor.starts).toEqual([]);
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
  expect(supervisor.starts).toEqual([]);
});

test('the next is ordered only when the last is stalled too, up to the bound', async () => {
  const { rig, supervisor, pass, spareArrives } = await start();
  for (let count = 0; count < 20; count++) ask(rig, loop);
  await pass(300);
  supervisor.started('spare-1', true);
  await pass(1000);
  expect(supervisor.starts).toHaveLength(1);
  await spareArrives('spare-1');
  await pass(200);
  expect(supervisor.starts).toHaveLength(1);
  for (const count of [2, 3, 4]) {
    await pass(300);
    expect(supervisor.starts).toHaveLength(count);
    await spareArrives(`spare-${count}`);
  }
  await pass(10_000);
  expect(supervisor.starts).toHaveLength(4);
  supervisor.exited('spare-2', []);
  await pass(300);
  expect(supervisor.starts).toHaveLength(5);
});

test('an order that nobody obeys is given again later', async () => {
  const { rig, supervisor, pass } = await start();
  for (let count = 0; count < 3; count++) ask(rig, loop);
  await pass(300);
  await pass(4900);
  expect(supervisor.starts).toHaveLength(1);
  await pass(200);
  expect(supervisor.starts).toHaveLength(2);
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
async function startNative(kept = 1) {
  const rig = await startRig();
  const kinds = [{ ...native, kept, usual: kept, max: kept + 2 }];
  const supervisor = new FakeSupervisor(rig.balancer, 'here', kinds);
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
  await pass(1900);
  expect(supervisor.starts).toEqual([]);
  await pass(200);
  expect(supervisor.starts.map(({ inline }) => inline)).toEqual([false, false]);
  for (const workerId of ['spare-1', 'spare-2']) {
    supervisor.started(workerId);
    await settled();
    workers.push(new FakeWorker(rig.balancer, { workerId, slots: 4 }));
    await pass(200);
  }
  expect(supervisor.starts).toHaveLength(2);
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
  const { rig, supervisor, workers, pass } = await startNative(2);
  const second = new FakeWorker(rig.balancer, { workerId: 'n2', slots: 4 });
  workers.push(second);
  for (let count = 0; count < 5; count++) ask(rig, call({ budgetMs: 900_000 }));
  await pass(5000);
  second.close();
  supervisor.exited('n2', []);
  workers.pop();
  await pass(30_000);
  expect(supervisor.starts).toEqual([]);
});

/** No worker, and supervisors that keep none but would start up to two of each kind in ordinary times. */
async function startEmpty() {
  const rig = await startRig();
  const some = { kept: 0, usual: 2, max: 4 };
  const supervisor = new FakeSupervisor(rig.balancer, 'here', [
    { ...wasm, ...some, runs: ['c'] },
    { ...native, ...some, runs: ['js'], builds: ['c', 'js'] },
  ]);
  await settled();
  const workers: FakeWorker[] = [];
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      rig.clock.advance(50);
      for (const worker of workers) worker.heartbeat();
      await settled();
    }
  };
  const arrive = async (workerId: string, inline: boolean) => {
    const languages = inline ? [language('c', true, false)] : [language('js'), language('c', false, true)];
    workers.push(new FakeWorker(rig.balancer, { workerId, inline, slots: inline ? 1 : 4, languages }));
    await settled();
  };
  const kindsStarted = () => supervisor.starts.map(({ inline }) => (inline ? 'wasm' : 'native'));
  return { rig, supervisor, workers, pass, arrive, kindsStarted };
}

test('calls that find no worker start one of their kind, however many they are and however long it takes', async () => {
  const { rig, supervisor, pass, arrive, kindsStarted, workers } = await startEmpty();
  await pass(60_000);
  expect(kindsStarted()).toEqual([]);
  const answers = Array.from({ length: 200 }, () => ask(rig, call({ budgetMs: 900_000 })));
  await pass(100);
  expect(kindsStarted()).toEqual(['wasm']);
  supervisor.started('w1', true);
  await pass(20_000);
  expect(kindsStarted()).toEqual(['wasm']);
  await arrive('w1', true);
  for (let turn = 0; turn < 200; turn++) {
    workers[0]?.answer();
    await settled();
  }
  expect(answers.every(({ output }) => output === 'in')).toBe(true);
  ask(rig, call({ fn: 'native_1', lang: 'js' }));
  await pass(100);
  expect(kindsStarted()).toEqual(['wasm', 'native']);
});

test('the last worker of a kind goes when it has been idle for long, and the next call starts one again', async () => {
  const { rig, supervisor, pass, arrive, workers } = await startEmpty();
  ask(rig, call({ fn: 'native_1', lang: 'js' }));
  await pass(100);
  supervisor.started('n1', false);
  await arrive('n1', false);
  workers[0]?.answer();
  await pass(55_000);
  expect(workers[0]?.drainSeen).toBe(false);
  await pass(8000);
  expect(workers[0]?.drainSeen).toBe(true);
  workers.pop()?.close();
  supervisor.exited('n1', []);
  await pass(10_000);
  expect(supervisor.starts).toHaveLength(1);
  ask(rig, call({ fn: 'native_1', lang: 'js' }));
  await pass(100);
  expect(supervisor.starts).toHaveLength(2);
  const { decisions } = await rig.balancer.explainScale({ subject: 'here native', limit: 0 }, { budgetMs: 1 });
  expect(decisions.map(({ instances, decided }) => [instances, decided])).toEqual([
    [0, 1],
    [1, 0],
    [0, 1],
  ]);
  expect(decisions[1]?.policy).toMatchObject({ min: 0, max: 4 });
});

test('a build starts the worker that builds, and it stays while builds are asked for', async () => {
  const { rig, supervisor, pass, arrive, kindsStarted, workers } = await startEmpty();
  ask(rig, build('c', 900_000));
  await pass(100);
  expect(kindsStarted()).toEqual(['native']);
  supervisor.started('n1', false);
  await arrive('n1', false);
  await pass(120_000);
  expect([workers[0]?.jobs.length, workers[0]?.drainSeen]).toEqual([1, false]);
});

test('WASM workers follow their work up to the usual number, and no further', async () => {
  const { rig, supervisor, pass, arrive, workers } = await startEmpty();
  ask(rig, call());
  await pass(100);
  supervisor.started('w1', true);
  await arrive('w1', true);
  const busyFor = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 200) {
      for (const worker of workers) worker.answer();
      for (let count = 0; count < 8; count++) ask(rig, call());
      await pass(200);
    }
  };
  await busyFor(4000);
  expect(supervisor.starts).toHaveLength(2);
  supervisor.started('w2', true);
  await arrive('w2', true);
  await busyFor(20_000);
  expect(supervisor.starts).toHaveLength(2);
});

test('where no processor has time left, load adds nothing to the usual number of native workers', async () => {
  const { rig, supervisor, pass } = await startNative();
  supervisor.saturated(true);
  for (let count = 0; count < 20; count++) ask(rig, call({ budgetMs: 900_000 }));
  await pass(5000);
  expect(supervisor.starts).toEqual([]);
  supervisor.saturated(false);
  await pass(1000);
  expect(supervisor.starts.length).toBeGreaterThan(0);
});

test('what could be started counts: as its supervisor says, then as the last worker of its kind said', async () => {
  const { rig, supervisor, pass, arrive, workers } = await startEmpty();
  const offers = async () => {
    const { languages } = await rig.balancer.listLanguages({}, { budgetMs: 1 });
    return languages.map(({ lang, runs, builds, toolchain }) => [lang, runs, builds, toolchain]);
  };
  expect(await offers()).toEqual([
    ['c', true, true, ''],
    ['js', true, true, ''],
  ]);
  expect(await rig.balancer.getStatus({}, { budgetMs: 1 })).toMatchObject({ workersReady: 0, workersOnDemand: 8 });
  supervisor.started('n1', false);
  await arrive('n1', false);
  workers.pop()?.close();
  supervisor.exited('n1', []);
  await pass(100);
  expect(await offers()).toEqual([
    ['c', true, true, 'c 1.0'],
    ['js', true, true, 'js 1.0'],
  ]);
});
