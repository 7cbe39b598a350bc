import { ManualClock } from '@relais/kit';
import { testCall } from '../runtimes/conformance/support.js';
import { RunningCall } from './running-call.js';

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
