import type { OutputPart } from '@relais/contracts';
import { Flow, partCost } from '@relais/kit';
import { FakeSupervisor } from '../testing/fake-supervisor.js';
import { FakeWorker, settled } from '../testing/fake-worker.js';
import { ask, call, type Rig, startRig } from '../testing/rig.js';

const windowBytes = 4096;

let rig: Rig;

beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.balancer.stop(0));

function streaming(spec = {}, signal?: AbortSignal) {
  const taken: string[] = [];
  const flow = new Flow<OutputPart>(windowBytes, ({ data }) => taken.push(data.toString()));
  const answer = ask(rig, call({ ...spec, streamWindowBytes: windowBytes }), signal, flow);
  return { taken, flow, answer };
}

async function attached(hello = {}): Promise<FakeWorker> {
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', inline: true, ...hello });
  await settled();
  return worker;
}

test('parts pass in order and before the answer, credit goes the other way', async () => {
  const worker = await attached();
  const { answer, flow, taken } = streaming();
  await settled();
  const [job] = worker.jobs;
  worker.part(job, 'one ');
  worker.part(job, 'two ');
  await settled();
  expect(taken).toEqual(['one ', 'two ']);
  flow.grant(300);
  await settled();
  expect(worker.credits).toEqual([{ id: job?.id, bytes: 300 }]);
  worker.part(job, 'three');
  worker.answer();
  await settled();
  expect([taken.join(''), answer.open]).toEqual(['one two three', false]);
});

test('on a worker that runs calls in its loop a stream holds up no other call', async () => {
  const worker = await attached();
  streaming();
  await settled();
  for (let second = 0; second < 5; second++) {
    rig.clock.advance(1_000);
    worker.heartbeat();
    await settled();
  }
  ask(rig, call({ fn: 'other_1' }));
  await settled();
  expect(worker.jobs).toHaveLength(2);
});

test('a stream is stopped at its deadline, answered as that, and later parts are dropped', async () => {
  const worker = await attached();
  const { answer, taken } = streaming({ budgetMs: 1000 });
  await settled();
  const [job] = worker.jobs;
  worker.part(job, 'in time');
  await settled();
  rig.clock.advance(1010);
  await settled();
  expect(answer.failure?.code).toBe('deadline_exceeded');
  expect(worker.cancelIds).toEqual([job?.id]);
  worker.part(job, 'late');
  await settled();
  expect(taken).toEqual(['in time']);
});

test('a caller that goes has its stream stopped, and the slot is free once the worker says so', async () => {
  const worker = await attached({ slots: 1 });
  const gone = new AbortController();
  const { answer } = streaming({}, gone.signal);
  await settled();
  const next = ask(rig, call());
  gone.abort();
  await settled();
  expect([answer.open, worker.cancelIds.length, worker.jobs.length]).toEqual([false, 1, 1]);
  worker.answer();
  await settled();
  expect(worker.jobs).toHaveLength(1);
  worker.answer();
  await settled();
  expect(next.output).toBe('in');
});

test('a worker that is lost ends its streams as unavailable', async () => {
  const worker = await attached();
  const { answer, taken } = streaming();
  await settled();
  worker.part(worker.jobs[0], 'so far');
  await settled();
  worker.close();
  await settled();
  rig.clock.advance(600);
  await settled();
  expect(taken).toEqual(['so far']);
  expect(answer.failure).toMatchObject({ code: 'unavailable', reason: 'worker_lost' });
});

test('a stream of which a part has gone out has begun, whatever the report of its worker says', async () => {
  const supervisor = new FakeSupervisor(rig.balancer);
  const worker = await attached();
  const { answer, taken } = streaming();
  await settled();
  worker.part(worker.jobs[0], 'so far');
  await settled();
  const spare = await attached({ workerId: 'w2' });
  worker.close();
  supervisor.exited('w1', []);
  await settled();
  expect([taken, spare.jobs]).toEqual([['so far'], []]);
  expect(answer.failure).toMatchObject({ reason: 'worker_lost', notStarted: false });
});

test('nor is it handed out again when its worker answers that it could not begin', async () => {
  const worker = await attached();
  const { answer } = streaming();
  await settled();
  worker.part(worker.jobs[0], 'so far');
  await settled();
  worker.fail([...worker.jobs], { code: 'unavailable', notStarted: true, retryable: true });
  await settled();
  rig.clock.advance(1000);
  await settled();
  expect([answer.failure?.code, answer.failure?.notStarted, worker.jobs]).toEqual(['unavailable', false, []]);
});

test('a worker that sends more than it has credit for is killed', async () => {
  const supervisor = new FakeSupervisor(rig.balancer);
  const worker = await attached({ host: 'here' });
  const { answer, taken } = streaming();
  await settled();
  const [job] = worker.jobs;
  const fits = 'x'.repeat(windowBytes - partCost(0));
  worker.part(job, fits);
  worker.part(job, 'and more');
  await settled();
  expect(taken).toEqual([fits]);
  expect(supervisor.kills.map(({ workerId }) => workerId)).toEqual(['w1']);
  rig.clock.advance(600);
  await settled();
  expect(answer.failure?.reason).toBe('worker_lost');
});
