import { ManualClock } from '@relais/kit';
import { testCall } from '../runtimes/conformance/support.js';
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
