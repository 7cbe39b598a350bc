import { readdirSync } from 'node:fs';
import { ManualClock, RelaisError, systemClock } from '@relais/kit';
import { MemoryBudget } from '../../processes/memory-budget.js';
import type { ProcessLauncher } from '../../processes/process-launcher.js';
import { launcherForTests } from '../../processes/testing/launcher.js';
import { noSandbox } from '../../sandbox/none.js';
import { deployForTest, descendantPids, failureOf, outputOf, testCall, until } from '../conformance/support.js';
import { defaultRuntimeLimits, type RuntimeLimits } from '../limits.js';
import type { CallOutcome, Runtime } from '../runtime.js';
import { createJsRuntime } from './js-runtime.js';

const clock = new ManualClock();
const { launcher, directory } = launcherForTests(systemClock, noSandbox);
const pidOf = 'exports.handler = () => process.pid;';

function runtimeOf(limits: Partial<RuntimeLimits>) {
  return createJsRuntime({ limits: { ...defaultRuntimeLimits, ...limits }, clock, launcher });
}

test('idle instances and spares are retired after idleInstanceMs', async () => {
  const runtime = runtimeOf({ idleInstanceMs: 10_000 });
  const fn = await deployForTest(runtime, 'fn.js', pidOf);
  const pid = Number(outputOf(await fn.call()).toString());
  clock.advance(9000);
  expect(Number(outputOf(await fn.call()).toString())).toBe(pid);
  clock.advance(9000);
  expect(descendantPids().has(pid)).toBe(true);
  clock.advance(5000);
  await until('every process has been retired', () => descendantPids().size === 0);
  expect(Number(outputOf(await fn.call()).toString())).not.toBe(pid);
  await runtime.close();
});

test('instances that are to stay are started without a call, outlive idleInstanceMs, and go when they need not stay', async () => {
  const runtime = runtimeOf({ idleInstanceMs: 10_000, sparesMax: 0 });
  const fn = await deployForTest(runtime, 'fn.js', pidOf);
  await fn.loaded.keepWarm?.(2);
  const warm = descendantPids();
  expect(warm.size).toBe(2);
  await fn.loaded.keepWarm?.(2);
  for (let turn = 0; turn < 5; turn++) clock.advance(9000);
  const answer = await fn.call();
  expect(answer.coldUs).toBe(0);
  expect(warm.has(Number(outputOf(answer).toString()))).toBe(true);
  expect(descendantPids()).toEqual(warm);
  await fn.loaded.keepWarm?.(1);
  for (let turn = 0; turn < 5; turn++) clock.advance(9000);
  await until('one is left', () => descendantPids().size === 1);
  fn.loaded.endIdle?.();
  await until('none is left', () => descendantPids().size === 0);
  await runtime.close();
});

test('what a function does before its first call is told apart from starting its process', async () => {
  const runtime = createJsRuntime({ limits: defaultRuntimeLimits, clock: systemClock, launcher });
  const initialises = 'await new Promise((resolve) => setTimeout(resolve, 40)); export const handler = () => 1;';
  const fn = await deployForTest(runtime, 'fn.mjs', initialises);
  const [first, second] = [await fn.call(), await fn.call()];
  expect(first.initUs).toBeGreaterThan(30_000);
  expect(first.coldUs).toBeGreaterThan(first.initUs as number);
  expect([second.coldUs, second.initUs]).toEqual([0, 0]);
  await runtime.close();
});

describe('while the instance of a function is busy', () => {
  const slow = 'await new Promise((resolve) => setTimeout(resolve, 400));';
  const waits =
    'export const handler = async (ms) => { await new Promise((done) => setTimeout(done, ms)); return process.pid; };';

  test('a call takes it when that is free before another has started', async () => {
    const runtime = createJsRuntime({ limits: defaultRuntimeLimits, clock: systemClock, launcher });
    const fn = await deployForTest(runtime, 'fn.mjs', slow + waits);
    const pid = Number(outputOf(await fn.call({ payload: '0' })).toString());
    const [long, short] = await Promise.all([fn.call({ payload: '50' }), fn.call({ payload: '0' })]);
    expect([long, short].map((outcome) => Number(outputOf(outcome).toString()))).toEqual([pid, pid]);
    expect(short.coldUs).toBe(0);
    await runtime.close();
  });

  test('it takes the other when that is there first, and tells what it waited for as a cold start', async () => {
    const runtime = createJsRuntime({ limits: defaultRuntimeLimits, clock: systemClock, launcher });
    const fn = await deployForTest(runtime, 'fn.mjs', slow + waits);
    const pid = Number(outputOf(await fn.call({ payload: '0' })).toString());
    const [long, short] = await Promise.all([fn.call({ payload: '4000' }), fn.call({ payload: '0' })]);
    expect(Number(outputOf(long).toString())).toBe(pid);
    expect(Number(outputOf(short).toString())).not.toBe(pid);
    expect(short.initUs).toBeGreaterThan(350_000);
    expect(short.coldUs).toBeGreaterThan(short.initUs as number);
    await runtime.close();
  });

  test('a start that fails leaves the call to tell why', async () => {
    const runtime = createJsRuntime({ limits: defaultRuntimeLimits, clock: systemClock, launcher });
    const once = 'if (process.env.NAME === "second") throw new Error("no more");';
    const fn = await deployForTest(runtime, 'fn.mjs', once + waits);
    const long = fn.call({ payload: '300' });
    const failing = await fn.loaded.invoke(testCall({ jobId: 99, payload: '0', secrets: { NAME: 'second' } }));
    expect(failureOf(failing).message).toContain('no more');
    outputOf(await long);
    await runtime.close();
  });
});

describe('an instance that cannot stay', () => {
  const source =
    'export const handler = async (ms) => { await new Promise((done) => setTimeout(done, ms)); return process.env.NAME; };';
  const named = (NAME: string, payload = '0') => ({ payload, secrets: { NAME } });
  let runtime: Runtime;
  let started = 0;
  const counting: ProcessLauncher = {
    ...launcher,
    launch: (spec) => {
      started++;
      return launcher.launch(spec);
    },
  };
  beforeEach(() => {
    const limits = { ...defaultRuntimeLimits, sparesMax: 0 };
    runtime = createJsRuntime({ limits, clock: systemClock, launcher: counting });
  });
  afterEach(() => runtime.close());
  const config = { secrets: ['NAME'] };
  const answersOf = async (outcomes: readonly Promise<CallOutcome>[]) =>
    (await Promise.all(outcomes)).map((outcome) => outputOf(outcome).toString());

  test('for its secret was changed is not started again and again to be warm', async () => {
    const fn = await deployForTest(runtime, 'fn.mjs', source, config);
    expect(await answersOf([fn.call(named('old'))])).toEqual(['old']);
    let given = false;
    void fn.loaded.keepWarm?.(3).then(() => {
      given = true;
    });
    expect(await answersOf([fn.call(named('new'))])).toEqual(['new']);
    await until('no more are started', () => given);
    await fn.loaded.keepWarm?.(3);
    expect(fn.loaded.instances?.().idle).toBe(3);
    const answers = await Promise.all([1, 2, 3].map(() => fn.call(named('new', '50'))));
    expect(answers.map((outcome) => [outputOf(outcome).toString(), outcome.coldUs])).toEqual(
      [1, 2, 3].map(() => ['new', 0]),
    );
  });

  test('for its secret was changed is waited for by no call', async () => {
    const fn = await deployForTest(runtime, 'fn.mjs', source, config);
    expect(await answersOf([fn.call(named('old'))])).toEqual(['old']);
    const before = ['300', '0', '0'].map((ms) => fn.call(named('old', ms)));
    const after = fn.call(named('new'));
    expect(await answersOf([...before, after])).toEqual(['old', 'old', 'old', 'new']);
  });

  test('for its code exits is not started again and again to be warm', async () => {
    const exits = "setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1);";
    const fn = await deployForTest(runtime, 'fn.mjs', exits + source);
    started = 0;
    await fn.loaded.keepWarm?.(2);
    expect(started).toBe(2);
  });
});

test('processes never exceed the bound, whatever the number of functions and calls', async () => {
  const runtime = runtimeOf({ processesMax: 2 });
  const functions = await Promise.all([1, 2, 3].map(() => deployForTest(runtime, 'fn.js', pidOf)));
  let most = 0;
  const calls = Array.from({ length: 24 }, async (_, n) => {
    outputOf((await functions[n % 3]?.call()) ?? failed());
    most = Math.max(most, descendantPids().size);
  });
  await Promise.all(calls);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(2 + defaultRuntimeLimits.sparesMax);
  await runtime.close();
  expect(descendantPids().size).toBe(0);
});

test('what waits for the next call is ended when asked, and what runs is not', async () => {
  const runtime = runtimeOf({ sparesMax: 0 });
  const fn = await deployForTest(runtime, 'fn.js', pidOf);
  const pid = Number(outputOf(await fn.call()).toString());
  fn.loaded.endIdle?.();
  await until('the process is gone', () => !descendantPids().has(pid));
  const running = fn.call();
  fn.loaded.endIdle?.();
  expect(Number(outputOf(await running).toString())).not.toBe(pid);
  await runtime.close();
});

test.each([
  ['handler', 'exports.handler = (event) => { while (event === "endless"); return event; };'],
  [
    'program',
    'const event = require("fs").readFileSync(0, "utf8"); while (event === "endless"); process.stdout.write(event);',
  ],
])('a call that waits for a process of a %s has not begun, and is no busy instance', async (_form, source) => {
  const runtime = runtimeOf({ processesMax: 1 });
  const fn = await deployForTest(runtime, 'fn.js', source);
  const begun: string[] = [];
  const callOf = (jobId: number, payload: string) =>
    fn.loaded.invoke(testCall({ jobId, payload, begun: () => begun.push(payload) }));
  const endless = callOf(1, 'endless');
  await until('it has begun', () => begun.length === 1);
  const waiting = callOf(2, 'waiting');
  await new Promise(setImmediate);
  expect(begun).toEqual(['endless']);
  expect(fn.loaded.instances?.()).toEqual({ busy: 1, idle: 0 });
  fn.loaded.cancel(1, new RelaisError('cancelled', 'enough'));
  expect(failureOf(await endless).code).toBe('cancelled');
  expect(outputOf(await waiting).toString()).toBe('waiting');
  expect(begun).toEqual(['endless', 'waiting']);
  await runtime.close();
});

test('closing ends what runs, which answers unavailable', async () => {
  const runtime = runtimeOf({});
  const fn = await deployForTest(runtime, 'fn.js', 'exports.handler = () => { for (;;) {} };');
  const pending = fn.call();
  await runtime.close();
  expect((await pending).result).toMatchObject({ ok: false, error: { code: 'unavailable' } });
  expect(descendantPids().size).toBe(0);
});

test('200 calls in a row leak no descriptor and no process', async () => {
  const runtime = runtimeOf({});
  const fn = await deployForTest(runtime, 'fn.js', 'exports.handler = (event) => event;');
  outputOf(await fn.call());
  await until('the instance and its spare run', () => descendantPids().size === 2);
  const before = openDescriptors();
  for (let n = 0; n < 200; n++) expect(outputOf(await fn.call({ payload: `${n}` })).toString()).toBe(`${n}`);
  expect(openDescriptors()).toBe(before);
  expect(descendantPids().size).toBe(2);
  await runtime.close();
});

test('processes that come and go leave no descriptor and no directory', async () => {
  const runtime = runtimeOf({});
  const fn = await deployForTest(runtime, 'fn.js', 'console.log(1);');
  outputOf(await fn.call());
  const before = openDescriptors();
  for (let n = 0; n < 20; n++) outputOf(await fn.call());
  await runtime.close();
  expect(openDescriptors()).toBeLessThanOrEqual(before);
  expect(readdirSync(directory)).toEqual([]);
});

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

function failed(): never {
  throw new Error('no such function');
}

test('memory beyond the budget ends idle instances, of whatever function, and calls go on', async () => {
  const budget = new MemoryBudget({ bytesMax: 150 * 2 ** 20, clock });
  const limits = { ...defaultRuntimeLimits, idleInstanceMs: 1e9 };
  const runtime = createJsRuntime({ limits, clock, launcher, budget });
  // Each holds some fifty megabytes of its own once it was called.
  const source = 'const held = []; exports.handler = () => { held[0] ??= Buffer.alloc(4e7, 1); return process.pid; };';
  const functions = await Promise.all(Array.from({ length: 5 }, () => deployForTest(runtime, 'fn.js', source)));
  const pids: number[] = [];
  for (const fn of functions) {
    pids.push(Number(outputOf(await fn.call()).toString()));
    clock.advance(10);
  }
  const living = () => pids.filter((pid) => descendantPids().has(pid));
  await until('the first instances have been ended', () => {
    // Some twice as fast as time goes: of more, processes that the machine is slow with would count as stuck.
    clock.advance(10);
    return living().length <= 3;
  });
  expect(living().length).toBeGreaterThan(0);
  expect(living()).toEqual(pids.slice(-living().length));
  for (const fn of functions) outputOf(await fn.call());
  await runtime.close();
});

test('closing leaves nothing behind of what was being started for no call in particular', async () => {
  const runtime = createJsRuntime({ limits: defaultRuntimeLimits, clock: systemClock, launcher });
  const waits = 'exports.handler = (ms) => new Promise((resolve) => setTimeout(resolve, ms));';
  const fn = await deployForTest(runtime, 'fn.js', waits);
  outputOf(await fn.call({ payload: '0' }));
  await Promise.all([0, 1, 2, 3].map((ms) => fn.call({ payload: String(ms) })));
  await runtime.close();
  expect(descendantPids().size).toBe(0);
});
