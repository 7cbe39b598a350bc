import { ManualClock } from '@relais/kit';
import { testCall } from '../runtimes/conformance/support.js';
import type { Guest } from './guest.js';
import { noLogs } from './log-capture.js';
import { RunningCall, RunningCalls } from './running-call.js';

test('a call tells of a start that had begun before it asked only what it waited for', async () => {
  const clock = new ManualClock();
  const running = new RunningCall(testCall({ jobId: 1, payload: '' }), clock);
  clock.advance(1000);
  const askedMs = clock.nowMs();
  clock.advance(40);
  running.beginWith(askedMs, 300);
  running.run();
  running.settle({ ok: true, output: Buffer.alloc(0) });
  expect(await running.outcome).toMatchObject({ coldUs: 40_000, initUs: 40_000, runUs: 0 });
});

test('a call that only waited its turn tells of no start', async () => {
  const clock = new ManualClock();
  const running = new RunningCall(testCall({ jobId: 1, payload: '' }), clock);
  clock.advance(40);
  running.beginWith(0, undefined);
  running.run();
  running.settle({ ok: true, output: Buffer.alloc(0) });
  expect(await running.outcome).toMatchObject({ coldUs: 0, initUs: 0 });
});

test('a call says how long it waited for a processor where that is worth asking: its guest and it are not quick', async () => {
  const clock = new ManualClock();
  let waitedMs = 100;
  const guest = {
    lastRunMs: 0,
    processorWaitMs: () => waitedMs,
    logs: { captured: () => noLogs },
    takeSpans: () => [],
    kill: () => {},
  };
  const waits = [];
  for (const runMs of [20, 30, 5, 30, 30]) {
    const running = new RunningCall(testCall({ jobId: 1, payload: '' }), clock);
    clock.advance(1);
    running.hold(guest as unknown as Guest);
    running.run();
    clock.advance(runMs);
    waitedMs += runMs / 2;
    running.settle({ ok: true, output: Buffer.alloc(0) });
    waits.push((await running.outcome).processorWaitUs);
  }
  expect(waits).toEqual([undefined, 15_000, undefined, undefined, 15_000]);
});

test('of the calls of a worker that goes those that have not begun are told to be so', async () => {
  const clock = new ManualClock();
  clock.advance(1000);
  const calls = new RunningCalls(clock);
  const outcomes = [1, 2].map((jobId) =>
    calls.perform(testCall({ jobId, payload: '' }), async (running) => {
      if (jobId === 1) running.run();
      await running.outcome;
    }),
  );
  calls.shutDown();
  const results = (await Promise.all(outcomes)).map(({ result }) => result);
  expect(results.map((result) => !result.ok && result.error.fields.notStarted)).toEqual([undefined, true]);
  expect(results.map((result) => !result.ok && result.error.retryable)).toEqual([false, true]);
  expect(results.map((result) => !result.ok && result.error.fields.reason)).toEqual(['shutting_down', 'shutting_down']);
});
