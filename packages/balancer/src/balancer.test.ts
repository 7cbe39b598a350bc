import { type AttachRequest, type AttachResponse, Job, JobResult } from '@relais/contracts';
import { type Link, memoryLinkPair } from '@relais/kit';
import { FakeWorker, language, settled } from './testing/fake-worker.js';
import { ask, build, call, startRig } from './testing/rig.js';

const cancelledError = expect.objectContaining({ code: 'cancelled' });

test('a call goes to a worker and its answer comes back under the caller’s id', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  const answer = ask(rig, call({ id: 42, payload: 'ping', invocationId: 'i1' }));
  await settled();
  expect(worker.jobs[0]).toMatchObject({ invocationId: 'i1', lang: 'c', budgetMs: 9995, attempt: 1 });
  rig.clock.advance(3);
  worker.answer();
  await answer.promise;
  expect(answer.output).toBe('ping');
  expect(answer.result).toMatchObject({
    id: 42,
    workerId: 'w1',
    logs: 'printed',
    timings: { queuedUs: 0, runUs: 100 },
  });
});

test('jobs of one turn travel in one frame, up to the credit', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 3 });
  await settled();
  const answers = ['1', '2', '3', '4'].map((payload) => ask(rig, call({ payload })));
  await settled();
  expect(worker.frames.map((frame) => frame.jobs.length)).toEqual([3]);
  expect(new Set(worker.jobs.map((job) => job.id)).size).toBe(3);
  worker.answer();
  await settled();
  worker.answer();
  await Promise.all(answers.map((answer) => answer.promise));
  expect(answers.map((answer) => answer.output)).toEqual(['1', '2', '3', '4']);
});

test('the time waited for a worker is said', async () => {
  const rig = await startRig();
  const answer = ask(rig, call());
  rig.clock.advance(250);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  await settled();
  expect(worker.jobs[0]?.budgetMs).toBe(9745);
  worker.answer();
  await answer.promise;
  expect(answer.result?.timings).toMatchObject({ queuedUs: 250_000, coldUs: 0, runUs: 100 });
});

test('calls go only where the language runs, builds only where it is built', async () => {
  const rig = await startRig();
  const runner = new FakeWorker(rig.balancer, { workerId: 'runner', languages: [language('c', true, false)] });
  const builder = new FakeWorker(rig.balancer, { workerId: 'builder', languages: [language('c', false, true)] });
  await settled();
  for (let n = 0; n < 3; n++) ask(rig, call());
  for (let n = 0; n < 3; n++) ask(rig, build());
  await settled();
  expect(runner.jobs.map((job) => job.work?.$case)).toEqual(['invoke', 'invoke', 'invoke']);
  expect(builder.jobs.map((job) => job.work?.$case)).toEqual(['build', 'build', 'build']);
  await rig.balancer.stop(0);
});

test('fifo fills one worker before the next, rr goes round', async () => {
  const rig = await startRig({ strategy: 'FIFO' });
  const workers = ['w1', 'w2'].map((workerId) => new FakeWorker(rig.balancer, { workerId, slots: 3 }));
  await settled();
  for (let n = 0; n < 4; n++) ask(rig, call());
  await settled();
  expect(workers.map((worker) => worker.jobs.length)).toEqual([3, 1]);
  for (const worker of workers) worker.answer();
  await rig.balancer.setStrategy({ strategy: 'Rr' }, { budgetMs: 1000 });
  await settled();
  for (let n = 0; n < 4; n++) ask(rig, call());
  await settled();
  expect(workers.map((worker) => worker.jobs.length)).toEqual([2, 2]);
  await rig.balancer.stop(0);
});

test('an unstarted job is dropped when its caller gives up', async () => {
  const rig = await startRig();
  const gone = new AbortController();
  const answer = ask(rig, call(), gone.signal);
  gone.abort();
  await answer.promise;
  expect(answer.error).toEqual(cancelledError);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  await settled();
  expect(worker.jobs).toEqual([]);
});

test('a running job is stopped when its caller gives up, and holds its slot until it answers', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  const gone = new AbortController();
  const answer = ask(rig, call(), gone.signal);
  await settled();
  gone.abort();
  const next = ask(rig, call({ payload: 'next' }));
  await settled();
  expect(answer.error).toEqual(cancelledError);
  expect(worker.cancelIds).toEqual(worker.jobs.map((job) => job.id));
  worker.answer();
  await settled();
  worker.answer();
  await next.promise;
  expect(next.output).toBe('next');
});

test('a call whose caller has gone already is never sent', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  const answer = ask(rig, call(), AbortSignal.abort());
  await settled();
  expect([answer.error, worker.jobs]).toEqual([cancelledError, []]);
});

test('a job that says nothing to do is refused', async () => {
  const rig = await startRig();
  const answer = ask(rig, Job.fromPartial({ id: 1, budgetMs: 1000 }));
  await answer.promise;
  expect(answer.failure).toMatchObject({ code: 'invalid_argument', reason: 'empty_job', component: 'balancer' });
});

test('a worker’s failure is passed on with what the balancer knows', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  const answer = ask(rig, call({ invocationId: 'i9' }));
  await settled();
  const value = { code: 'aborted', message: 'it threw', reason: 'function_failed' };
  const result = { outcome: { $case: 'failure' as const, value }, timings: { queuedUs: 0, coldUs: 1, runUs: 2 } };
  worker.send({ results: [JobResult.fromPartial({ ...result, id: worker.jobs[0]?.id ?? 0 })] });
  await answer.promise;
  expect(answer.failure).toMatchObject({ ...value, component: 'worker', workerId: 'w1', invocationId: 'i9' });
  expect(answer.failure?.timings).toMatchObject({ queuedUs: 0, coldUs: 1, runUs: 2 });
});

test('a result without an outcome is our failure', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  const answer = ask(rig, call());
  await settled();
  worker.send({ results: [JobResult.fromPartial({ id: worker.jobs[0]?.id ?? 0 })] });
  await answer.promise;
  expect(answer.failure).toMatchObject({ code: 'internal', reason: 'empty_result' });
});

test('a link that does not begin with hello is closed, at once or in time', async () => {
  const rig = await startRig();
  const closed: string[] = [];
  const links = new Map<string, Link<AttachRequest, AttachResponse>>();
  for (const name of ['wrong', 'silent']) {
    const [ours, theirs] = memoryLinkPair<AttachRequest, AttachResponse>(name, 'balancer');
    ours.receive({ message: () => {}, closed: () => closed.push(name) });
    rig.balancer.attachWorker(theirs);
    links.set(name, ours);
  }
  links.get('wrong')?.send({ hello: undefined, results: [], heartbeat: undefined, draining: false, parts: [] });
  await settled();
  expect(closed).toEqual(['wrong']);
  rig.clock.advance(5000);
  await settled();
  expect(closed).toEqual(['wrong', 'silent']);
});
