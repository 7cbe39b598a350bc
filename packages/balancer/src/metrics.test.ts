import { ManualClock, MetricRegistry, passThroughTracer, renderMetrics, silentLogger } from '@relais/kit';
import { Balancer } from './balancer.js';
import { FakeWorker, settled } from './testing/fake-worker.js';
import { ask, build, call } from './testing/rig.js';
import { seededRandom } from './testing/seeded-random.js';

test('queues, waits, decisions and refusals are counted', async () => {
  const clock = new ManualClock();
  const metrics = new MetricRegistry();
  const balancer = new Balancer({
    clock,
    logger: silentLogger,
    tracer: passThroughTracer,
    strategy: 'fifo',
    random: seededRandom(1),
    bounds: { queueLengthMax: 1 },
    metrics,
  });
  await balancer.start();
  const rig = { clock, balancer };
  const text = () => renderMetrics(metrics.families(), 'prometheus').split('\n');
  // Sixteen times as many may wait while no worker is there.
  const answers = Array.from({ length: 17 }, () => ask(rig, call()));
  clock.advance(250);
  expect(text()).toEqual(
    expect.arrayContaining([
      'relais_function_queue_jobs{function="hello_1",function_id="hello_1"} 16',
      'relais_function_queue_age_seconds{function="hello_1",function_id="hello_1"} 0.25',
      'relais_jobs_refused_total{reason="queue_full"} 1',
    ]),
  );
  for (const caller of ['keyOfOne', 'keyOfAnother']) ask(rig, build('rust', 100, caller));
  expect(text()).toContain('relais_function_queue_jobs{function="the build of rust",function_id="build:rust"} 2');
  expect(text().join()).not.toContain('keyOf');
  clock.advance(150);
  const worker = new FakeWorker(balancer, { workerId: 'w1', slots: 1 });
  await settled();
  expect(text()).toEqual(
    expect.arrayContaining([
      'relais_queue_jobs 15',
      'relais_function_running_jobs{function="hello_1",function_id="hello_1"} 1',
      'relais_worker_jobs{worker_id="w1"} 1',
      'relais_worker_credits{worker_id="w1"} 1',
      'relais_workers{state="ready"} 1',
    ]),
  );
  for (let count = 0; count < 16; count++) {
    worker.answer();
    await settled();
  }
  await Promise.all(answers.map(({ promise }) => promise));
  expect(text()).toEqual(
    expect.arrayContaining([
      'relais_jobs_dispatched_total{strategy="fifo"} 16',
      'relais_queue_wait_seconds_count 16',
      'relais_queue_wait_seconds_bucket{le="0.1"} 0',
      'relais_queue_wait_seconds_bucket{le="0.25"} 0',
      'relais_queue_wait_seconds_bucket{le="0.5"} 16',
      'relais_queue_jobs 0',
    ]),
  );
  await balancer.stop(0);
});
