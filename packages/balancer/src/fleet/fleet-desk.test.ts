import { LanguageSupport, WorkerState } from '@relais/contracts';
import { FakeSupervisor } from '../testing/fake-supervisor.js';
import { FakeWorker, language, settled } from '../testing/fake-worker.js';
import { ask, call, startRig } from '../testing/rig.js';

const context = { budgetMs: 1000 };

test('status counts workers and jobs', async () => {
  const rig = await startRig();
  new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  await settled();
  for (let n = 0; n < 3; n++) ask(rig, call());
  expect(await rig.balancer.getStatus({}, context)).toEqual({
    strategy: 'fifo',
    workersReady: 1,
    jobsQueued: 2,
    jobsRunning: 1,
    workersOnDemand: 0,
  });
});

test('workers are listed as they are', async () => {
  const rig = await startRig();
  const languages = [language('c', true, false), language('js', true, true), language('php', false, false)];
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', pid: 12, host: 'h', slots: 9999, languages });
  await settled();
  for (let n = 0; n < 3; n++) ask(rig, call());
  await settled();
  worker.answer(worker.jobs.slice(0, 1));
  await settled();
  const { workers } = await rig.balancer.listWorkers({}, context);
  expect(workers).toEqual([
    {
      id: 'w1',
      pid: 12,
      host: 'h',
      languages: ['c', 'js'],
      builds: ['js'],
      slots: 1024,
      running: 2,
      state: WorkerState.WORKER_STATE_READY,
      attachedAt: new Date(1_700_000_000_000),
      jobsDone: 1,
      weight: 1,
      outstandingMs: 20,
      ejectedForMs: 0,
      ejections: 0,
    },
  ]);
});

test('languages are what the fleet can do together', async () => {
  const rig = await startRig();
  const offer = (lang: string, runs: boolean, builds: boolean, reason: string, toolchain: string) =>
    LanguageSupport.fromPartial({ lang, runs, builds, reason, toolchain });
  new FakeWorker(rig.balancer, {
    workerId: 'w1',
    languages: [offer('c', true, false, 'no compiler', ''), offer('php', false, false, 'no php', '')],
  });
  new FakeWorker(rig.balancer, {
    workerId: 'w2',
    languages: [offer('c', false, true, 'no engine', 'clang 20'), offer('php', true, false, 'no linter', 'php 8')],
  });
  await settled();
  expect((await rig.balancer.listLanguages({}, context)).languages).toEqual([
    offer('c', true, true, '', 'clang 20'),
    offer('php', true, false, 'no linter', 'php 8'),
  ]);
});

test('what a worker builds that is kept and not there yet, or not there now, is offered', async () => {
  const rig = await startRig();
  const kept = { kept: 1, usual: 1, max: 2, slots: 4 };
  new FakeSupervisor(rig.balancer, 'here', [
    { ...kept, inline: true, runs: ['c'] },
    { ...kept, inline: false, builds: ['c', 'go'] },
  ]);
  new FakeWorker(rig.balancer, { workerId: 'w1', inline: true, languages: [language('c', true, false)] });
  await settled();
  const offers = async () => {
    const { languages } = await rig.balancer.listLanguages({}, context);
    return languages.map(({ lang, runs, builds, reason }) => [lang, runs, builds, reason]);
  };
  expect(await offers()).toEqual([
    ['c', true, true, ''],
    ['go', false, true, ''],
  ]);
  expect(await rig.balancer.getStatus({}, context)).toMatchObject({ workersReady: 1, workersOnDemand: 0 });
  const without = LanguageSupport.fromPartial({ lang: 'go', reason: 'no go' });
  const builder = new FakeWorker(rig.balancer, { workerId: 'w2', languages: [language('c', false, true), without] });
  await settled();
  const seen = [
    ['c', true, true, ''],
    ['go', false, false, 'no go'],
  ];
  expect(await offers()).toEqual(seen);
  builder.close();
  await settled();
  expect(await offers()).toEqual(seen);
});

test('a drained worker is drained, an unknown one is not found', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  await settled();
  await rig.balancer.drainWorker({ workerId: 'w1' }, context);
  ask(rig, call());
  await settled();
  expect([worker.drainSeen, worker.jobs]).toEqual([true, []]);
  const { workers } = await rig.balancer.listWorkers({}, context);
  expect(workers[0]?.state).toBe(WorkerState.WORKER_STATE_DRAINING);
  await expect(rig.balancer.drainWorker({ workerId: 'w9' }, context)).rejects.toMatchObject({ code: 'not_found' });
});

test('a function that chose a strategy keeps it whatever the others have', async () => {
  const rig = await startRig({ strategy: 'fifo' });
  const workers = ['w1', 'w2'].map((workerId) => new FakeWorker(rig.balancer, { workerId, slots: 16 }));
  await settled();
  const own = { fn: 'own_1', strategy: 'rr' };
  for (let n = 0; n < 4; n++) ask(rig, call(own));
  for (let n = 0; n < 2; n++) ask(rig, call({ fn: 'common_1' }));
  ask(rig, call({ fn: 'newer_1', strategy: 'not-known-here' }));
  await settled();
  expect(workers.map(({ jobs }) => jobs.length)).toEqual([5, 2]);
  await rig.balancer.setStrategy({ strategy: 'least' }, context);
  for (let n = 0; n < 2; n++) ask(rig, call(own));
  await settled();
  expect(workers.map(({ jobs }) => jobs.length)).toEqual([6, 3]);
});

test('the strategy is set by name in any case; an unknown one is refused with the list', async () => {
  const rig = await startRig();
  expect(await rig.balancer.setStrategy({ strategy: 'RR' }, context)).toEqual({
    strategy: 'rr',
    previousStrategy: 'fifo',
  });
  await expect(rig.balancer.setStrategy({ strategy: 'best' }, context)).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringContaining('rr, fifo'),
  });
  expect((await rig.balancer.getStatus({}, context)).strategy).toBe('rr');
});
