import { Job, JobResult } from '@relais/contracts';
import { Cancellation, ManualClock, RelaisError } from '@relais/kit';
import { DeadlineGuard } from './deadline-guard.js';
import { EarlyReturns } from './early-returns.js';
import { JobDispatcher, type Work } from './job-dispatcher.js';

interface Sent {
  readonly functionId: string;
  readonly budgetMs: number;
  readonly atMs: number;
}

const refusal = () => new RelaisError('resource_exhausted', 'Full.', { retryAfterMs: 400 });

/** A dispatcher whose balancer answers with what `failure` holds, or well; its gateway's loop is so busy. */
function fresh(busyShare = 0.95) {
  const clock = new ManualClock();
  const sent: Sent[] = [];
  const balancer: { failure: RelaisError | undefined } = { failure: refusal() };
  const jobs = new JobDispatcher({
    dispatch: {
      exchange: async (job: Job, { budgetMs }) => {
        const functionId = job.work?.$case === 'invoke' ? job.work.value.functionId : job.lang;
        sent.push({ functionId, budgetMs, atMs: clock.nowMs() });
        if (balancer.failure) throw balancer.failure;
        return JobResult.create();
      },
    },
    guard: new DeadlineGuard(clock),
    clock,
    earlyReturns: new EarlyReturns(clock, () => busyShare),
    called: () => {},
    built: () => {},
  });
  return { balancer, clock, jobs, sent };
}

function workOn(functionId: string, budgetMs = 10_000): Work {
  const { work } = Job.fromPartial({ work: { $case: 'invoke', value: { functionId, functionName: functionId } } });
  if (!work) throw new Error('no work');
  return { invocationId: 'i', lang: 'c', budgetMs, work };
}

const by = (signal: Cancellation) => ({ traceparent: '', signal });
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('who comes back sooner than it was told is held until then, and has the rest of its time', async () => {
  const { balancer, clock, jobs, sent } = fresh();
  const connection = by(new Cancellation());
  await expect(jobs.run(workOn('busy'), connection)).rejects.toThrow('Full.');
  balancer.failure = undefined;
  clock.advance(150);
  const second = jobs.run(workOn('busy'), connection);
  await settled();
  clock.advance(249);
  await settled();
  expect(sent).toHaveLength(1);
  clock.advance(1);
  await second;
  await jobs.run(workOn('busy'), connection);
  expect(sent.slice(1)).toEqual([
    { functionId: 'busy', budgetMs: 9750, atMs: 400 },
    { functionId: 'busy', budgetMs: 10_000, atMs: 400 },
  ]);
});

test('nobody else is held: another connection, another function, and what was refused for another reason', async () => {
  const { balancer, jobs, sent } = fresh();
  const connection = by(new Cancellation());
  await expect(jobs.run(workOn('busy'), connection)).rejects.toThrow('Full.');
  await expect(jobs.run(workOn('busy'), by(new Cancellation()))).rejects.toThrow('Full.');
  await expect(jobs.run(workOn('busy'), { traceparent: '' })).rejects.toThrow('Full.');
  balancer.failure = new RelaisError('unavailable', 'Away.', { retryAfterMs: 400 });
  await expect(jobs.run(workOn('away'), connection)).rejects.toThrow('Away.');
  await expect(jobs.run(workOn('away'), connection)).rejects.toThrow('Away.');
  expect(sent).toHaveLength(5);
});

test.each([
  ['three seconds, whatever it was told', 60_000, 3000],
  ['half of its time', 1000, 500],
])('nobody is held for more than %s', async (_what, budgetMs, heldMs) => {
  const { balancer, clock, jobs, sent } = fresh();
  const connection = by(new Cancellation());
  balancer.failure = new RelaisError('resource_exhausted', 'Full.', { retryAfterMs: 60_000 });
  await expect(jobs.run(workOn('busy', budgetMs), connection)).rejects.toThrow('Full.');
  const second = expect(jobs.run(workOn('busy', budgetMs), connection)).rejects.toThrow('Full.');
  await settled();
  clock.advance(heldMs);
  await second;
  expect(sent.map(({ atMs }) => atMs)).toEqual([0, heldMs]);
});

test('a gateway with time to spare holds nobody', async () => {
  const { jobs, sent } = fresh(0.85);
  const connection = by(new Cancellation());
  await expect(jobs.run(workOn('busy'), connection)).rejects.toThrow('Full.');
  await expect(jobs.run(workOn('busy'), connection)).rejects.toThrow('Full.');
  expect(sent).toHaveLength(2);
});

test('a caller that goes while it is held keeps nothing waiting', async () => {
  const { balancer, jobs, sent } = fresh();
  const signal = new Cancellation();
  await expect(jobs.run(workOn('busy'), by(signal))).rejects.toThrow('Full.');
  balancer.failure = new RelaisError('cancelled', 'Gone.');
  const second = expect(jobs.run(workOn('busy'), by(signal))).rejects.toThrow('Gone.');
  await settled();
  signal.cancel();
  await second;
  expect(sent).toHaveLength(2);
});
