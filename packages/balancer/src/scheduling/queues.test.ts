import { FakeWorker, language, settled } from '../testing/fake-worker.js';
import { type Answer, ask, build, call, startRig } from '../testing/rig.js';

const functionsOf = (worker: FakeWorker) =>
  worker.jobs.map((job) => (job.work?.$case === 'invoke' ? job.work.value.functionId : 'build'));

test('a full queue refuses with advice computed from how fast it drains', async () => {
  const rig = await startRig({ bounds: { queueLengthMax: 2, queueWaitTargetMs: 150 } });
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  await settled();
  for (let n = 0; n < 60; n++) {
    ask(rig, call());
    await settled();
    rig.clock.advance(100);
    worker.answer(undefined, 100_000);
    worker.heartbeat();
    await settled();
  }
  const answers = Array.from({ length: 4 }, () => ask(rig, call()));
  await settled();
  expect(answers.map((answer) => answer.failure?.reason)).toEqual([undefined, undefined, undefined, 'queue_full']);
  const failure = answers[3]?.failure;
  expect(failure).toMatchObject({ code: 'resource_exhausted', retryable: true, component: 'balancer' });
  expect(failure?.limit).toEqual({ name: 'queueLengthMax', limit: 2, used: 2 });
  expect(failure?.retryAfterMs).toBeGreaterThanOrEqual(150);
  expect(failure?.retryAfterMs).toBeLessThanOrEqual(450);
  const other = ask(rig, call({ fn: 'other_1' }));
  await settled();
  expect(other.open).toBe(true);
});

test('a queue is longer while its workers are replaced, which is no overload, and who is refused then is not sent far away', async () => {
  const rig = await startRig({ bounds: { queueLengthMax: 2 } });
  const answers = Array.from({ length: 34 }, () => ask(rig, call()));
  await settled();
  expect(answers.map(({ open }) => open)).toEqual([...Array(32).fill(true), false, false]);
  const [, last] = answers.slice(-2);
  expect(last?.failure).toMatchObject({ reason: 'queue_full', retryAfterMs: 1000 });
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  for (let count = 0; count < 32; count++) {
    await settled();
    worker.answer();
  }
  await settled();
  expect(answers.slice(0, 32).map(({ output }) => output)).toEqual(Array(32).fill('in'));
});

test('who answers gets what waits with that, not a turn of the loop later', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  await settled();
  ask(rig, call({ invocationId: 'first' }));
  ask(rig, call({ invocationId: 'second' }));
  await settled();
  const [first] = worker.jobs;
  expect(worker.jobs).toHaveLength(1);
  worker.answer();
  for (let count = 0; count < 20; count++) await Promise.resolve();
  expect(worker.jobs).toHaveLength(1);
  expect(worker.jobs[0]?.id).not.toBe(first?.id);
});

test('the whole is bounded too: by jobs and by payload', async () => {
  const rig = await startRig({ bounds: { jobsMax: 2, payloadBytesMax: 10 } });
  ask(rig, call({ fn: 'a_1', payload: '12345678' }));
  const heavy = ask(rig, call({ fn: 'b_1', payload: '123' }));
  ask(rig, call({ fn: 'c_1', payload: '12' }));
  const many = ask(rig, call({ fn: 'd_1', payload: '' }));
  await settled();
  expect(heavy.failure?.limit).toEqual({ name: 'payloadBytesMax', limit: 10, used: 11 });
  expect(many.failure).toMatchObject({ reason: 'queue_full', fault: 3, limit: { name: 'jobsMax', limit: 2, used: 2 } });
});

test('answered jobs free the room they took', async () => {
  const rig = await startRig({ bounds: { jobsMax: 1, payloadBytesMax: 2 } });
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  await settled();
  const answers: Answer[] = [];
  for (let n = 0; n < 3; n++) {
    answers.push(ask(rig, call({ payload: 'ab' })));
    await settled();
    worker.answer();
    await settled();
  }
  expect(answers.map((answer) => answer.output)).toEqual(['ab', 'ab', 'ab']);
});

test('functions take turns; within one, jobs go in order', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  await settled();
  for (let n = 0; n < 5; n++) ask(rig, call({ fn: 'flood_1', invocationId: `f${n}` }));
  for (let n = 0; n < 2; n++) ask(rig, call({ fn: 'calm_1', invocationId: `c${n}` }));
  const order: string[] = [];
  for (let n = 0; n < 7; n++) {
    await settled();
    order.push(...worker.jobs.map((job) => job.invocationId));
    worker.answer();
  }
  expect(order).toEqual(['f0', 'f1', 'c0', 'f2', 'c1', 'f3', 'f4']);
});

test.each([
  [20, 6],
  [5, 8],
])('of eight slots a function whose calls take %d ms gets %d, and others the rest', async (runMs, slots) => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 8 });
  await settled();
  for (const fn of ['flood_1', 'calm_1']) {
    const known = ask(rig, call({ fn }));
    await settled();
    worker.answer([...worker.jobs], runMs * 1000);
    await known.promise;
  }
  for (let n = 0; n < 10; n++) ask(rig, call({ fn: 'flood_1' }));
  for (let n = 0; n < 10; n++) ask(rig, call({ fn: 'calm_1' }));
  await settled();
  expect(functionsOf(worker)).toEqual([...Array(slots).fill('flood_1'), ...Array(8 - slots).fill('calm_1')]);
});

test('languages that share a worker take turns too', async () => {
  const rig = await startRig();
  const both = [language('c'), language('rust')];
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1, languages: both });
  await settled();
  for (let n = 0; n < 4; n++) ask(rig, call({ fn: 'c_1', lang: 'c' }));
  ask(rig, call({ fn: 'r_1', lang: 'rust' }));
  ask(rig, build('rust'));
  const order: string[] = [];
  for (let n = 0; n < 6; n++) {
    await settled();
    order.push(...functionsOf(worker));
    worker.answer();
  }
  expect(order).toEqual(['c_1', 'c_1', 'r_1', 'build', 'c_1', 'c_1']);
});

const callersOf = (worker: FakeWorker) =>
  worker.jobs.map(({ lang, work }) => `${lang} ${work?.$case === 'build' ? work.value.caller : 'call'}`);

test('callers of builds take turns', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  await settled();
  for (const caller of ['flood', 'flood', 'flood', 'flood', 'calm', 'calm']) ask(rig, build('c', 10_000, caller));
  const order: string[] = [];
  for (let n = 0; n < 6; n++) {
    await settled();
    order.push(...callersOf(worker));
    worker.answer();
  }
  expect(order).toEqual(['c flood', 'c flood', 'c calm', 'c flood', 'c calm', 'c flood']);
});

test('a caller’s builds, of whatever languages, hold no more slots than they leave free, over all workers', async () => {
  const rig = await startRig({ strategy: 'affinity' });
  const languages = [language('c'), language('cpp'), language('js')];
  const workers = ['w1', 'w2'].map((workerId) => new FakeWorker(rig.balancer, { workerId, slots: 8, languages }));
  await settled();
  const sum = (counts: number[]) => counts.reduce((one, other) => one + other);
  const heldBy = (caller: string) =>
    workers.map((each) => callersOf(each).filter((one) => one.endsWith(caller)).length);
  for (let n = 0; n < 12; n++) ask(rig, build(n % 2 === 0 ? 'cpp' : 'c', 10_000, 'flood'));
  await settled();
  expect(heldBy('flood')).toEqual([2, 2]);
  for (let n = 0; n < 5; n++) ask(rig, build('c', 10_000, 'second'));
  for (const caller of ['third', 'fourth']) ask(rig, build('js', 10_000, caller));
  await settled();
  expect(sum(heldBy('second'))).toBe(2);
  expect([heldBy('third'), heldBy('fourth')].map(sum)).toEqual([1, 1]);
  // All are taken; what one gives back goes to who has none.
  ask(rig, build('c', 10_000, 'late'));
  await settled();
  const [first] = workers;
  first?.answer(first.jobs.filter(({ work }) => work?.$case === 'build' && work.value.caller === 'flood').slice(0, 1));
  await settled();
  expect(sum(heldBy('late'))).toBe(1);
});

test('a caller that leaves takes its builds out of the line and off the worker, and nobody else’s', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  await settled();
  const gone = new AbortController();
  const left = [1, 2].map(() => ask(rig, build('c', 10_000, 'same'), gone.signal));
  const stays = ask(rig, build('c', 10_000, 'same'));
  await settled();
  gone.abort();
  await settled();
  expect(worker.cancelIds).toEqual([worker.jobs[0]?.id]);
  worker.answer();
  await settled();
  expect(left.map(({ error }) => error)).toMatchObject([{ code: 'cancelled' }, { code: 'cancelled' }]);
  worker.answer();
  await stays.promise;
  expect(stays.result?.outcome?.$case).toBe('invoked');
});

test('calls above a function’s concurrency wait, and hold up nobody else', async () => {
  const rig = await startRig();
  const workers = ['w1', 'w2'].map((workerId) => new FakeWorker(rig.balancer, { workerId, slots: 2 }));
  await settled();
  const limited = Array.from({ length: 3 }, () => ask(rig, call({ fn: 'limited_1', concurrencyMax: 2 })));
  ask(rig, call({ fn: 'free_1' }));
  await settled();
  expect(workers.map(functionsOf)).toEqual([['limited_1', 'limited_1'], ['free_1']]);
  for (const worker of workers) worker.answer();
  await settled();
  expect(workers.map(functionsOf)).toEqual([['limited_1'], []]);
  expect(limited.map((answer) => answer.open)).toEqual([false, false, true]);
});

test('without a worker for its language a job waits for one, then is unavailable and says why', async () => {
  const rig = await startRig({ bounds: { workerWaitMs: 2000, workerReturnMs: 0 } });
  const absent = { ...language('c', false, false), reason: 'No compiler: apt install clang.' };
  new FakeWorker(rig.balancer, { workerId: 'w1', languages: [absent, language('js')] });
  await settled();
  const answer = ask(rig, call());
  const hasty = ask(rig, call({ budgetMs: 500 }));
  rig.clock.advance(1990);
  await settled();
  expect([answer.open, hasty.failure?.code]).toEqual([true, 'deadline_exceeded']);
  rig.clock.advance(20);
  await settled();
  expect(answer.failure).toMatchObject({ code: 'unavailable', reason: 'no_worker', retryable: true });
  expect(answer.failure?.message).toContain('apt install clang');
  expect(answer.failure?.timings?.queuedUs).toBeGreaterThanOrEqual(2_000_000);
});

test('the wait for a worker begins when the last one goes', async () => {
  const rig = await startRig({ bounds: { workerWaitMs: 2000 } });
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  await settled();
  const running = ask(rig, call());
  const waiting = ask(rig, call({ budgetMs: 20_000 }));
  for (let second = 0; second < 3; second++) {
    rig.clock.advance(1000);
    worker.heartbeat();
    await settled();
  }
  worker.send({ draining: true });
  worker.answer([...worker.jobs], 3_000_000);
  worker.close();
  await running.promise;
  // Longer than a job waits for a worker that never was: this one is being replaced.
  rig.clock.advance(5_000);
  const late = new FakeWorker(rig.balancer, { workerId: 'w2' });
  await settled();
  expect([waiting.open, late.jobs.length]).toEqual([true, 1]);
});

test('a long call is not starved by short ones on workers that run them one after the other', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 64, inline: true });
  await settled();
  for (const [fn, runUs] of [
    ['short_1', 1000],
    ['long_1', 500_000],
  ] as const) {
    ask(rig, call({ fn }));
    await settled();
    worker.answer(worker.jobs, runUs);
    await settled();
  }
  const short = () => ask(rig, call({ fn: 'short_1', budgetMs: 60_000 }));
  for (let n = 0; n < 30; n++) short();
  const long = ask(rig, call({ fn: 'long_1', payload: 'long' }));
  const sent: string[] = [];
  for (let ms = 0; ms < 100 && long.open; ms++) {
    await settled();
    sent.push(...functionsOf(worker).slice(0, 1));
    worker.answer(worker.jobs.slice(0, 1), 1000);
    short();
    rig.clock.advance(1);
  }
  await settled();
  expect(long.output).toBe('long');
  expect(sent.filter((fn) => fn === 'short_1').length).toBeLessThan(60);
});

test.each([
  { kept: 'the other is kept free at once', bounds: {} },
  { kept: 'that one is kept free at first', bounds: { workAheadMs: 30, reserveAfterMs: 0 } },
])('a long call is not starved where a worker is stuck in what should be short; $kept', async ({ bounds }) => {
  const rig = await startRig({ bounds });
  const hello = { slots: 64, inline: true };
  const stuck = new FakeWorker(rig.balancer, { workerId: 'stuck', ...hello });
  await settled();
  for (const [fn, runUs] of [
    ['sly_1', 500],
    ['short_1', 1000],
    ['long_1', 100_000],
  ] as const) {
    ask(rig, call({ fn }));
    await settled();
    stuck.answer(stuck.jobs, runUs);
    await settled();
  }
  ask(rig, call({ fn: 'sly_1', budgetMs: 60_000 }));
  await settled();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w2', ...hello });
  await settled();
  const short = () => ask(rig, call({ fn: 'short_1', budgetMs: 60_000 }));
  for (let n = 0; n < 100; n++) short();
  const long = ask(rig, call({ fn: 'long_1', payload: 'long' }));
  for (let ms = 0; ms < 400 && long.open; ms++) {
    await settled();
    worker.answer(worker.jobs.slice(0, 1), 1000);
    short();
    rig.clock.advance(1);
  }
  await settled();
  expect([functionsOf(stuck)[0], long.output]).toEqual(['sly_1', 'long']);
});

test('a job found out of time on its turn does not cost the next function its own', async () => {
  const rig = await startRig();
  const late = ask(rig, call({ fn: 'late_1', budgetMs: 5 }));
  ask(rig, call({ fn: 'fine_1' }));
  rig.clock.advance(6);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  await settled();
  expect(late.failure?.code).toBe('deadline_exceeded');
  expect(functionsOf(worker)).toEqual(['fine_1']);
});

test('nothing is sent to an inline worker behind the first call of a function, which may be long', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', inline: true });
  await settled();
  const known = ask(rig, call({ fn: 'quick_1' }));
  await settled();
  worker.answer();
  await known.promise;
  ask(rig, call({ fn: 'new_1' }));
  ask(rig, call({ fn: 'quick_1' }));
  await settled();
  expect(functionsOf(worker)).toEqual(['new_1']);
  worker.answer();
  await settled();
  expect(functionsOf(worker)).toEqual(['quick_1']);
});

test('payloads that would fill a link wait until what was sent has left', async () => {
  const rig = await startRig();
  const payload = 'x'.repeat(6 * 1024 * 1024);
  const answers = Array.from({ length: 8 }, () => ask(rig, call({ fn: 'large_1', payload })));
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 32 });
  await settled();
  const countOf = ({ jobs }: { readonly jobs: readonly unknown[] }) => jobs.length;
  expect(worker.frames.map(countOf).filter(Boolean)).toEqual([5]);
  rig.clock.advance(20);
  await settled();
  expect(worker.frames.map(countOf).filter(Boolean)).toEqual([5, 3]);
  worker.answer();
  await Promise.all(answers.map((answer) => answer.promise));
});
