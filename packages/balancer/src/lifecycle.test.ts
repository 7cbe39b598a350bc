import { FakeSupervisor } from './testing/fake-supervisor.js';
import { FakeWorker, language, settled } from './testing/fake-worker.js';
import { ask, call, startRig } from './testing/rig.js';

test('a stopping balancer refuses what is new and finishes what it has, waiting jobs too', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  await settled();
  const admitted = [ask(rig, call({ payload: 'a' })), ask(rig, call({ payload: 'b' }))];
  await settled();
  const stopped = rig.balancer.stop(1000);
  const refused = ask(rig, call());
  await settled();
  expect(refused.failure).toMatchObject({ code: 'unavailable', reason: 'shutting_down', retryable: true });
  worker.answer();
  await settled();
  worker.answer();
  await stopped;
  await settled();
  expect(admitted.map((answer) => answer.output)).toEqual(['a', 'b']);
  // Not told to go: it attaches to the next.
  expect([worker.drainSeen, worker.open]).toEqual([false, false]);
});

test('what is not done when the grace is over is answered', async () => {
  const rig = await startRig();
  new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  await settled();
  const admitted = [ask(rig, call()), ask(rig, call())];
  await settled();
  const stopped = rig.balancer.stop(1000);
  rig.clock.advance(1000);
  await stopped;
  await settled();
  expect(admitted.map((answer) => answer.failure?.reason)).toEqual(['shutting_down', 'shutting_down']);
  expect(admitted.map((answer) => answer.failure?.retryable)).toEqual([false, true]);
  expect(await rig.balancer.getStatus({}, { budgetMs: 1 })).toMatchObject({ jobsQueued: 0, jobsRunning: 0 });
});

test('a stop does not wait for a call whose caller has gone, and leaves no inline worker blocked by it', async () => {
  const rig = await startRig();
  const supervisor = new FakeSupervisor(rig.balancer);
  new FakeWorker(rig.balancer, { workerId: 'idle', inline: true });
  await settled();
  new FakeWorker(rig.balancer, { workerId: 'blocked', inline: true, languages: [language('rust')] });
  await settled();
  const caller = new AbortController();
  ask(rig, call({ lang: 'rust' }), caller.signal);
  await settled();
  caller.abort();
  await rig.balancer.stop(30_000);
  await settled();
  expect(supervisor.kills.map((kill) => kill.workerId)).toEqual(['blocked']);
});

test('a stopped balancer lets nobody in', async () => {
  const rig = await startRig();
  await rig.balancer.stop(0);
  await rig.balancer.stop(0);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  await settled();
  expect(worker.open).toBe(false);
});
