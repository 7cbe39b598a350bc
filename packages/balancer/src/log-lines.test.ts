import { type Logger, newTraceparent, silentLogger, traceIdOf } from '@relais/kit';
import { FakeSupervisor } from './testing/fake-supervisor.js';
import { FakeWorker, settled } from './testing/fake-worker.js';
import { ask, call, startRig } from './testing/rig.js';

function recordingLogger() {
  const lines: (Record<string, unknown> & { readonly msg: string })[] = [];
  const take = (fields: object, msg: string) => void lines.push({ ...fields, msg });
  const logger: Logger = { ...silentLogger, debug: take, info: take, warn: take, error: take };
  return { lines, logger };
}

const traceparent = newTraceparent(true);
const traceId = traceIdOf(traceparent);
const traced = (invocationId: string, budgetMs: number) => ({ ...call({ invocationId, budgetMs }), traceparent });

test('the line about a worker that is killed carries the invocation and the trace it is killed for', async () => {
  const { lines, logger } = recordingLogger();
  const rig = await startRig({ logger });
  new FakeSupervisor(rig.balancer);
  new FakeWorker(rig.balancer, { workerId: 'w1', inline: true });
  await settled();
  ask(rig, traced('endless', 100));
  await settled();
  for (let tick = 0; tick < 20; tick++) rig.clock.advance(100);
  expect(lines.filter(({ msg }) => msg.startsWith('ordering a worker'))).toEqual([
    expect.objectContaining({ invocationId: 'endless', traceId, workerId: 'w1' }),
  ]);
  await rig.balancer.stop(0);
});

test('there is a line for each job that was at a worker that went, with its invocation and its trace', async () => {
  const { lines, logger } = recordingLogger();
  const rig = await startRig({ logger });
  const supervisor = new FakeSupervisor(rig.balancer);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 2 });
  await settled();
  ask(rig, traced('begun', 5000));
  ask(rig, traced('not begun', 5000));
  await settled();
  supervisor.exited('w1', [worker.jobs[0]?.id ?? 0]);
  worker.close();
  await settled();
  expect(lines.filter(({ msg }) => msg.startsWith('a job was at'))).toEqual([
    expect.objectContaining({ invocationId: 'not begun', traceId, workerId: 'w1', begun: false }),
    expect.objectContaining({ invocationId: 'begun', traceId, workerId: 'w1', begun: true }),
  ]);
  await rig.balancer.stop(0);
});
