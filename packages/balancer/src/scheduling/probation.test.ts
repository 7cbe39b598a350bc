import { ErrorDetail, Fault, JobResult } from '@relais/contracts';
import type { Logger } from '@relais/kit';
import { silentLogger } from '@relais/kit';
import { FakeWorker, settled } from '../testing/fake-worker.js';
import { type Answer, ask, call, type Rig, startRig } from '../testing/rig.js';
import { endOf } from './probation.js';

const processes = { slots: 32 };

/** A rig with so many workers that run calls in processes. */
async function start(workerCount = 1, logger: Logger = silentLogger): Promise<{ rig: Rig; workers: FakeWorker[] }> {
  const rig = await startRig({ logger });
  const workers = Array.from(
    { length: workerCount },
    (_, at) => new FakeWorker(rig.balancer, { workerId: `w${at}`, ...processes }),
  );
  await settled();
  return { rig, workers };
}

function runningOf(workers: readonly FakeWorker[]): string[] {
  return workers.flatMap(({ jobs }) => jobs.map(({ invocationId }) => invocationId)).sort();
}

function end(workers: readonly FakeWorker[], how: 'well' | 'badly' | 'threw'): void {
  for (const worker of workers) {
    const jobs = [...worker.jobs];
    if (how === 'well') worker.answer(jobs, 1000);
    else if (how === 'badly') worker.fail(jobs, { code: 'resource_exhausted', reason: 'memory_limit' }, 1000);
    else worker.fail(jobs, { code: 'aborted', reason: 'function_failed' }, 1000);
  }
}

async function called(
  rig: Rig,
  workers: readonly FakeWorker[],
  fn: string,
  how: 'well' | 'badly' | 'threw',
): Promise<void> {
  ask(rig, call({ fn }));
  await settled();
  end(workers, how);
  await settled();
}

function askFor(rig: Rig, fns: readonly string[]): Answer[] {
  return fns.map((fn) => ask(rig, call({ fn, invocationId: fn, payload: fn })));
}

test('functions of which a first call had to be ended run one after another, in turn; others run beside them', async () => {
  const { rig, workers } = await start();
  for (const fn of ['bad_1', 'worse_1']) await called(rig, workers, fn, 'badly');
  askFor(rig, ['bad_1', 'bad_1', 'bad_1', 'worse_1', 'good_1']);
  await settled();
  expect(runningOf(workers)).toEqual(['bad_1', 'good_1']);
  for (const next of ['bad_1', 'worse_1', 'bad_1']) {
    end(workers, 'badly');
    await settled();
    expect(runningOf(workers)).toEqual([next]);
  }
});

test('a call that ends by itself, well or not, ends it for its function', async () => {
  for (const how of ['well', 'threw'] as const) {
    const { rig, workers } = await start();
    await called(rig, workers, 'bad_1', 'badly');
    await called(rig, workers, 'bad_1', how);
    askFor(rig, ['bad_1', 'bad_1', 'bad_1']);
    await settled();
    expect(runningOf(workers)).toHaveLength(3);
  }
});

test('who has once ended well may fail to more than once', async () => {
  const { rig, workers } = await start();
  for (const how of ['well', 'badly', 'badly'] as const) await called(rig, workers, 'mixed_1', how);
  askFor(rig, ['mixed_1', 'mixed_1']);
  await settled();
  expect(runningOf(workers)).toHaveLength(2);
  end(workers, 'badly');
  await settled();
  askFor(rig, ['mixed_1', 'mixed_1']);
  await settled();
  expect(runningOf(workers)).toHaveLength(1);
});

test('a long call keeps the others out for two seconds and no longer', async () => {
  const { rig, workers } = await start();
  for (const fn of ['bad_1', 'worse_1']) await called(rig, workers, fn, 'badly');
  askFor(rig, ['bad_1', 'worse_1']);
  await settled();
  for (let passed = 0; passed < 1900; passed += 100) {
    rig.clock.advance(100);
    for (const worker of workers) worker.heartbeat();
    await settled();
  }
  expect(runningOf(workers)).toEqual(['bad_1']);
  rig.clock.advance(200);
  await settled();
  expect(runningOf(workers)).toEqual(['bad_1', 'worse_1']);
});

test('for every four workers one more runs', async () => {
  const { rig, workers } = await start(8);
  const bad = ['a_1', 'b_1', 'c_1'];
  for (const fn of bad) await called(rig, workers, fn, 'badly');
  askFor(rig, bad);
  await settled();
  expect(runningOf(workers)).toHaveLength(2);
});

test('a caller whose time is over meanwhile is told why it waited', async () => {
  const { rig, workers } = await start();
  await called(rig, workers, 'bad_1', 'badly');
  ask(rig, call({ fn: 'bad_1' }));
  const late = ask(rig, call({ fn: 'bad_1', budgetMs: 300 }));
  await settled();
  rig.clock.advance(400);
  await settled();
  expect(late.failure).toMatchObject({ code: 'deadline_exceeded', fault: Fault.FAULT_FUNCTION, notStarted: true });
  expect(late.failure?.message).toContain('It is on probation: its last call had to be ended');
});

test('a call whose code did not run says nothing of its function', async () => {
  for (const runUs of [0, 1000]) {
    const { rig, workers } = await start();
    ask(rig, call({ fn: 'slow_1' }));
    await settled();
    for (const worker of workers) {
      worker.fail([...worker.jobs], { code: 'deadline_exceeded', reason: 'timeout' }, runUs);
    }
    await settled();
    askFor(rig, ['slow_1', 'slow_1']);
    await settled();
    expect(runningOf(workers)).toHaveLength(runUs === 0 ? 2 : 1);
  }
});

test('one that runs on after its time counts when its worker has ended it', async () => {
  const { rig, workers } = await start();
  ask(rig, call({ fn: 'slow_1', budgetMs: 300 }));
  await settled();
  rig.clock.advance(400);
  await settled();
  for (const worker of workers) worker.fail([...worker.jobs], { code: 'cancelled', reason: 'cancelled' }, 1000);
  await settled();
  askFor(rig, ['slow_1', 'slow_1']);
  await settled();
  expect(runningOf(workers)).toHaveLength(1);
});

test('the log says when it begins and ends', async () => {
  const lines: unknown[][] = [];
  const logger = Object.assign(Object.create(silentLogger) as Logger, {
    info: (...args: unknown[]) => void lines.push(args),
    warn: (...args: unknown[]) => void lines.push(args),
  });
  const { rig, workers } = await start(1, logger);
  await called(rig, workers, 'bad_1', 'badly');
  await called(rig, workers, 'bad_1', 'well');
  const said = lines.filter(([, text]) => String(text).includes('probation'));
  expect(said).toEqual([
    [{ function: 'bad_1', badEnds: 1 }, 'a function is on probation: its last calls were all ended'],
    [{ function: 'bad_1', badEnds: 0 }, 'a function is no longer on probation'],
  ]);
});

test.each([
  ['its own time', 'deadline_exceeded', 'timeout', { late: false, waited: false }, 'badly'],
  ['its own time, told too late', 'cancelled', '', { late: true, waited: false }, 'badly'],
  ['what waiting had left of it', 'deadline_exceeded', 'timeout', { late: false, waited: true }, undefined],
  ['the same, told too late', 'cancelled', '', { late: true, waited: true }, undefined],
  [
    'its memory, however long it had waited',
    'resource_exhausted',
    'memory_limit',
    { late: false, waited: true },
    'badly',
  ],
])('a call that was ended by %s', (_, code, reason, when, end) => {
  const failure = ErrorDetail.fromPartial({ code, reason });
  const outcome = { $case: 'failure', value: failure } as const;
  expect(endOf(JobResult.fromPartial({ outcome, timings: { runUs: 1000 } }), when)).toBe(end);
});
