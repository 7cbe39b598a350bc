import { type Job, JobResult } from '@relais/contracts';
import { FakeWorker, settled } from '../testing/fake-worker.js';
import { type Answer, ask, call, type Rig, startRig } from '../testing/rig.js';

const forged = (id: number) =>
  JobResult.fromPartial({ id, outcome: { $case: 'invoked', value: { output: Buffer.from('forged') } } });

interface Scene {
  rig: Rig;
  honest: FakeWorker;
  hostile: FakeWorker;
  answers: Answer[];
}

/** Two workers of one slot each with a call each: "a" at the honest one, "b" at the hostile one. */
async function scene(): Promise<Scene> {
  const rig = await startRig();
  const honest = new FakeWorker(rig.balancer, { workerId: 'honest', slots: 1 });
  await settled();
  const a = ask(rig, call({ payload: 'a' }));
  await settled();
  const hostile = new FakeWorker(rig.balancer, { workerId: 'hostile', slots: 1 });
  await settled();
  const b = ask(rig, call({ payload: 'b' }));
  await settled();
  expect([honest.jobs.length, hostile.jobs.length]).toEqual([1, 1]);
  return { rig, honest, hostile, answers: [a, b] };
}

const idOf = (jobs: readonly Job[]) => jobs[0]?.id ?? 0;

test('a result for the job of another worker is dropped, and that worker’s own counts', async () => {
  const { answers, honest, hostile } = await scene();
  hostile.send({ results: [forged(idOf(honest.jobs))] });
  await settled();
  expect(answers.map(({ open }) => open)).toEqual([true, true]);
  honest.answer();
  hostile.answer();
  await settled();
  expect(answers.map(({ output }) => output)).toEqual(['a', 'b']);
});

test('of two results for one job the first counts, and the second costs nobody a slot', async () => {
  const { answers, hostile, honest, rig } = await scene();
  const [job] = hostile.jobs;
  hostile.answer();
  hostile.send({ results: [forged(job?.id ?? 0), forged(job?.id ?? 0)] });
  await settled();
  expect(answers[1]?.output).toBe('b');
  const next = [ask(rig, call({ payload: 'c' })), ask(rig, call({ payload: 'd' }))];
  await settled();
  // One slot: it has one of the two.
  expect(hostile.jobs).toHaveLength(1);
  hostile.send({ results: [forged(job?.id ?? 0)] });
  await settled();
  expect(next.map(({ open }) => open)).toEqual([true, true]);
  honest.answer();
  for (let turn = 0; turn < 3; turn++) {
    await settled();
    for (const worker of [honest, hostile]) if (worker.jobs.length > 0) worker.answer();
  }
  await settled();
  expect(next.map(({ output }) => output)).toEqual(['c', 'd']);
});

test('results for jobs that nobody has are dropped', async () => {
  const { answers, honest, hostile } = await scene();
  const known = new Set([...honest.jobs, ...hostile.jobs].map(({ id }) => id));
  const ids = [0, 1, 2 ** 32 - 1, ...Array.from({ length: 1_000 }, (_, at) => at * 4_294_967)];
  hostile.send({ results: ids.filter((id) => !known.has(id)).map(forged) });
  await settled();
  expect(answers.map(({ open }) => open)).toEqual([true, true]);
  honest.answer();
  hostile.answer();
  await settled();
  expect(answers.map(({ output }) => output)).toEqual(['a', 'b']);
});

test('a worker that takes jobs and says nothing costs its own calls only, in bounded time', async () => {
  const { answers, honest, hostile, rig } = await scene();
  honest.answer();
  await settled();
  for (let second = 0; second < 16; second++) {
    rig.clock.advance(1_000);
    honest.heartbeat();
    await settled();
  }
  expect(answers[1]?.failure?.workerId).toBe('hostile');
  expect(hostile.open).toBe(false);
  const next = ask(rig, call({ payload: 'next' }));
  await settled();
  honest.answer();
  await settled();
  expect([answers[0]?.output, next.output]).toEqual(['a', 'next']);
});

test('the longest wait a worker can claim makes no answer that cannot travel', async () => {
  const { answers, hostile, rig } = await scene();
  rig.clock.advance(5);
  const queuedUs = 0xffff_ffff;
  const timings = { queuedUs, coldUs: 0, runUs: 1, fetchUs: 0, compileUs: 0, startUs: 0, initUs: 0 };
  const waited = ask(rig, call({ payload: 'c' }));
  rig.clock.advance(5);
  hostile.answer();
  await settled();
  hostile.send({ results: [{ ...forged(idOf(hostile.jobs)), timings }] });
  await settled();
  expect([answers[1]?.open, waited.result?.timings?.queuedUs]).toEqual([false, queuedUs]);
  expect(JobResult.encode(waited.result ?? JobResult.create()).finish().length).toBeGreaterThan(0);
});
