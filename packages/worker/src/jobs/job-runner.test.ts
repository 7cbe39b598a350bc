import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Job, type JobResult, type OutputPart } from '@relais/contracts';
import { ManualClock, passThroughTracer, RelaisError, silentLogger } from '@relais/kit';
import { FunctionCache } from '../functions/function-cache.js';
import { BegunJournal, readBegunJournal } from '../journal/begun-journal.js';
import { FakeArtifacts } from '../testing/fake-artifacts.js';
import { FakeRuntime, succeeded } from '../testing/fake-runtime.js';
import { JobRunner } from './job-runner.js';

let folder: string;
let journalFd: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relais-runner-'));
  journalFd = openSync(join(folder, 'journal'), 'w+');
});

afterEach(() => {
  closeSync(journalFd);
  rmSync(folder, { recursive: true });
});

function rig() {
  const clock = new ManualClock();
  const artifacts = new FakeArtifacts();
  const inline = new FakeRuntime('c', 'inline');
  const processes = new FakeRuntime('js', 'processes');
  const runtimeOf = (lang: string) => [inline, processes].find((runtime) => runtime.lang === lang);
  const functions = new FunctionCache({ artifacts, clock, runtimeOf, functionsMax: 10, loadedBytesMax: 1000 });
  const results: JobResult[] = [];
  const parts: OutputPart[] = [];
  const errors: object[] = [];
  const runner = new JobRunner({
    workerId: 'w1',
    functions,
    runtimeOf,
    journal: new BegunJournal(journalFd),
    clock,
    logger: { ...silentLogger, error: (fields) => errors.push(fields) },
    tracer: passThroughTracer,
    runtimeTracer: passThroughTracer,
    userTracer: passThroughTracer,
    answer: (result) => results.push(result),
    handOn: (part) => parts.push(part),
    streamBytesMax: 1000,
  });
  return { artifacts, clock, errors, functions, processes, parts, results, runner };
}

function call(id: number, lang: string, payload = 'hi', budgetMs = 100): Job {
  const functionId = `${lang}/f`;
  const value = { functionId, functionName: 'f', payload: Buffer.from(payload) };
  return Job.fromPartial({ id, lang, budgetMs, attempt: 1, work: { $case: 'invoke', value } });
}

function codeOf(result: JobResult | undefined): string | undefined {
  return result?.outcome?.$case === 'failure' ? result.outcome.value.code : undefined;
}

async function warm({ functions }: ReturnType<typeof rig>, lang: string): Promise<void> {
  await functions.load(`${lang}/f`);
  functions.release(`${lang}/f`);
}

test('a ready inline function is answered within the call, with id and worker', async () => {
  const it = rig();
  await warm(it, 'c');
  it.runner.run(call(7, 'c'), it.clock.nowMs());
  expect(it.results).toMatchObject([{ id: 7, workerId: 'w1', outcome: { $case: 'invoked' } }]);
  expect(it.runner.runningCount).toBe(0);
  expect(readBegunJournal(journalFd)).toEqual([7]);
});

test('a job out of time never begins', async () => {
  const it = rig();
  await warm(it, 'c');
  it.runner.run(call(8, 'c', 'hi', 0), it.clock.nowMs());
  expect(it.results.map(codeOf)).toEqual(['deadline_exceeded']);
  expect(readBegunJournal(journalFd)).toEqual([]);
});

test('a job that runs is named as begun, however many begin and end meanwhile', async () => {
  const it = rig();
  await warm(it, 'c');
  await warm(it, 'js');
  it.runner.run(call(1, 'js'), it.clock.nowMs());
  for (let id = 2; id <= 5000; id++) it.runner.run(call(id, 'c'), it.clock.nowMs());
  expect(it.results).toHaveLength(4999);
  expect(readBegunJournal(journalFd)).toContain(1);
});

test('the ticker stops a running call at its deadline, and only that one', async () => {
  const it = rig();
  await warm(it, 'js');
  it.runner.run(call(1, 'js', '', 50), it.clock.nowMs());
  it.runner.run(call(2, 'js', '', 500), it.clock.nowMs());
  it.clock.advance(60);
  await Promise.resolve();
  expect(it.results).toMatchObject([{ id: 1 }]);
  expect(codeOf(it.results[0])).toBe('deadline_exceeded');
  it.processes.held[0]?.end(2, succeeded('late but fine'));
  await Promise.resolve();
  expect(it.results).toMatchObject([{ id: 1 }, { id: 2, outcome: { $case: 'invoked' } }]);
});

test('a job whose version cannot be fetched says that it has not started', async () => {
  const it = rig();
  it.artifacts.refusal = new RelaisError('unavailable', 'Storage is away.');
  it.runner.run(call(3, 'js'), it.clock.nowMs());
  await new Promise(setImmediate);
  const value = { code: 'unavailable', notStarted: true, retryable: true };
  expect(it.results).toMatchObject([{ id: 3, outcome: { $case: 'failure', value } }]);
  expect(readBegunJournal(journalFd)).toEqual([]);
});

test('a job that has time left waits for a fetch that one without had begun', async () => {
  const it = rig();
  const budgets: number[] = [];
  it.artifacts.onFetch = ({ budgetMs }) => {
    budgets.push(budgetMs);
    it.clock.advance(50);
  };
  it.runner.run(call(1, 'c', 'hi', 10), it.clock.nowMs());
  it.runner.run(call(2, 'c', 'hi', 5_000), it.clock.nowMs());
  await it.functions.load('c/f');
  await Promise.resolve();
  const value = { code: 'deadline_exceeded', reason: 'timeout', fault: 3, notStarted: true };
  expect(it.results).toMatchObject([
    { id: 1, outcome: { $case: 'failure', value } },
    { id: 2, outcome: { $case: 'invoked' } },
  ]);
  expect([it.artifacts.fetches, budgets.every((budgetMs) => budgetMs > 5_000)]).toEqual([1, true]);
});

test('a job is answered in its time, or when it is cancelled, though its function has not come', async () => {
  const it = rig();
  it.artifacts.hangs = true;
  for (const id of [1, 2, 3]) it.runner.run(call(id, 'c', 'hi', id === 1 ? 50 : 5_000), it.clock.nowMs());
  it.runner.cancel(2);
  it.clock.advance(60);
  const late = { code: 'deadline_exceeded', reason: 'timeout', fault: 3, notStarted: true };
  expect(it.results).toMatchObject([
    { id: 2, outcome: { $case: 'failure', value: { code: 'cancelled', notStarted: true } } },
    { id: 1, outcome: { $case: 'failure', value: late } },
  ]);
  expect(it.runner.runningCount).toBe(1);
});

test('a job cancelled while its function loads never begins', async () => {
  const it = rig();
  it.runner.run(call(3, 'js'), it.clock.nowMs());
  it.runner.cancel(3);
  await it.functions.load('js/f');
  await Promise.resolve();
  expect(it.results.map(codeOf)).toEqual(['cancelled']);
  expect(readBegunJournal(journalFd)).toEqual([]);
});

test('the first call is told what fetching and compiling cost it, the second that nothing was cold', async () => {
  const it = rig();
  it.artifacts.onFetch = () => it.clock.advance(3);
  it.runner.run(call(1, 'c'), it.clock.nowMs());
  await it.functions.load('c/f');
  await Promise.resolve();
  it.runner.run(call(2, 'c'), it.clock.nowMs());
  expect(it.results.map(({ timings }) => timings)).toMatchObject([
    { coldUs: 3000, fetchUs: 3000, compileUs: 0, startUs: 0, initUs: 0, runUs: 5 },
    { coldUs: 0, fetchUs: 0, compileUs: 0, startUs: 0, runUs: 5 },
  ]);
});

test('a function that cannot be fetched fails its call, with the reason', async () => {
  const it = rig();
  it.artifacts.refusal = new RelaisError('not_found', 'There is no such version.', { reason: 'version_not_found' });
  it.runner.run(call(4, 'js'), it.clock.nowMs());
  await it.functions.close();
  await Promise.resolve();
  expect(it.results.map(codeOf)).toEqual(['not_found']);
});

function buildJob(id: number, lang: string, budgetMs = 100): Job {
  const value = { source: Buffer.from('x'), filename: '', config: undefined };
  return Job.fromPartial({ id, lang, budgetMs, work: { $case: 'build', value } });
}

test('a build whose caller has gone is told so, and answered once it has ended', async () => {
  const it = rig();
  const signals: (AbortSignal | undefined)[] = [];
  it.processes.build = (_work, _budgetMs, signal) =>
    new Promise((_resolve, reject) => {
      signals.push(signal);
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  it.runner.run(buildJob(1, 'js'), it.clock.nowMs());
  it.runner.run(buildJob(2, 'js'), it.clock.nowMs());
  it.runner.cancel(1);
  await new Promise(setImmediate);
  expect(it.results).toMatchObject([{ id: 1, outcome: { $case: 'failure', value: { code: 'cancelled' } } }]);
  expect(signals.map((signal) => signal?.aborted)).toEqual([true, false]);
  it.runner.cancelAll();
  await new Promise(setImmediate);
  expect(it.results.map(codeOf)).toEqual(['cancelled', 'cancelled']);
});

test('a build out of time never begins', async () => {
  const it = rig();
  it.runner.run(buildJob(1, 'js', 0), it.clock.nowMs());
  expect(it.results.map(codeOf)).toEqual(['deadline_exceeded']);
  expect(readBegunJournal(journalFd)).toEqual([]);
});

test('a build that does not compile is answered as the runtime says', async () => {
  const it = rig();
  const value = { source: Buffer.from('x'), filename: 'x.c', config: undefined };
  it.runner.run(Job.create({ id: 5, lang: 'c', budgetMs: 100, work: { $case: 'build', value } }), 0);
  await Promise.resolve();
  await Promise.resolve();
  expect(it.results.map(codeOf)).toEqual(['invalid_argument']);
});

test('a job without work is answered, not lost', () => {
  const it = rig();
  it.runner.run(Job.create({ id: 6, lang: 'c', budgetMs: 100 }), 0);
  expect(it.results.map(codeOf)).toEqual(['internal']);
  expect(it.errors).toMatchObject([{ lang: 'c' }]);
});

test('a call whose output is wanted in parts hands them on under its id, and its result says so', async () => {
  const it = rig();
  await warm(it, 'js');
  const job = call(9, 'js');
  if (job.work?.$case === 'invoke') job.work.value.streamWindowBytes = 4096;
  it.runner.run(job, it.clock.nowMs());
  const [held] = it.processes.held;
  const stream = held?.calls.get(9)?.stream;
  const granted: number[] = [];
  stream?.listen((bytes) => granted.push(bytes));
  expect(stream?.send(Buffer.from('so far'))).toBe('sent');
  it.runner.grant(9, 100);
  it.runner.grant(10, 100);
  held?.end(9, succeeded(''));
  await Promise.resolve();
  expect(it.parts).toMatchObject([{ id: 9, data: Buffer.from('so far') }]);
  expect(it.results).toMatchObject([{ id: 9, outcome: { $case: 'invoked', value: { streamed: true } } }]);
  // The last says that nothing more is taken.
  expect(granted).toEqual([100, 0]);
  expect(stream?.closed).toBe(true);
});

test('a stream sends within its credit and its bound alone', async () => {
  const it = rig();
  await warm(it, 'js');
  const job = call(9, 'js');
  if (job.work?.$case === 'invoke') job.work.value.streamWindowBytes = 1200;
  it.runner.run(job, it.clock.nowMs());
  const stream = it.processes.held[0]?.calls.get(9)?.stream;
  expect(stream?.send(Buffer.alloc(900))).toBe('sent');
  expect(stream?.send(Buffer.alloc(200))).toBe('no_credit');
  it.runner.grant(9, 1000);
  expect(stream?.send(Buffer.alloc(200))).toBe('too_much');
  expect(stream?.tooMuch().fields.limit).toMatchObject({ name: 'streamBytesMax', limit: 1000 });
});

test('cancelAll stops what runs and answers it', async () => {
  const it = rig();
  await warm(it, 'js');
  it.runner.run(call(1, 'js'), it.clock.nowMs());
  it.clock.advance(5);
  expect(it.runner.oldestMs()).toBe(5);
  it.runner.cancelAll();
  await Promise.resolve();
  expect(it.results.map(codeOf)).toEqual(['cancelled']);
});

test('a call gets its secrets, and what is told of it does not', async () => {
  const { processes, results, runner, ...rest } = rig();
  await warm({ processes, results, runner, ...rest }, 'js');
  const job = call(1, 'js');
  if (job.work?.$case === 'invoke') job.work.value.secrets = { TOKEN: 'hunter22' };
  runner.run(job, 0);
  processes.held[0]?.end(1, { ...succeeded('out'), logs: 'TOKEN=hunter22' });
  await new Promise(setImmediate);
  expect(results).toMatchObject([{ id: 1, logs: 'TOKEN=***' }]);
});
