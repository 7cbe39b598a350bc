import { ErrorDetail, JobResult } from '@relais/contracts';
import { newTraceparent, type RelaisError, type SpanCarrier, type SpanStart, type Tracer } from '@relais/kit';
import { FakeSupervisor } from './testing/fake-supervisor.js';
import { FakeWorker, settled } from './testing/fake-worker.js';
import { ask, call, startRig } from './testing/rig.js';

interface SeenSpan {
  readonly name: string;
  readonly start: SpanStart;
  readonly traceparent: string;
  readonly ends: { failure: RelaisError | undefined; atMs: number | undefined }[];
}

class SeeingTracer implements Tracer {
  readonly spans: SeenSpan[] = [];

  start(name: string, start: SpanStart) {
    const span: SeenSpan = { name, start, traceparent: newTraceparent(true), ends: [] };
    this.spans.push(span);
    return {
      traceparent: span.traceparent,
      recording: true,
      set: () => {},
      keep: () => span.traceparent,
      end: (failure?: RelaisError, atMs?: number) => void span.ends.push({ failure, atMs }),
    };
  }
}

const parent = newTraceparent(true);

/** Writes down what is asked of it. */
function tellingCarrier(told: string[]): SpanCarrier {
  return {
    take: () => void told.push('take'),
    give: (_, spans) => void told.push(`give ${spans}`),
    leave: () => void told.push('leave'),
  };
}

test('a call has a span for its wait and one for its dispatch, which the worker continues', async () => {
  const tracer = new SeeingTracer();
  const rig = await startRig({ tracer });
  const answer = ask(rig, { ...call(), traceparent: parent });
  rig.clock.advance(30);
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  await settled();
  rig.clock.advance(20);
  const carried = worker.jobs[0]?.traceparent;
  worker.answer();
  await answer.promise;
  expect(tracer.spans.map(({ name, start, ends }) => ({ name, ...start, ends }))).toEqual([
    { name: 'balancer queue', kind: 'internal', parent, startMs: 0, ends: [{ failure: undefined, atMs: 30 }] },
    { name: 'balancer dispatch', kind: 'client', parent, startMs: 30, ends: [{ failure: undefined, atMs: 50 }] },
  ]);
  expect(carried).toBe(tracer.spans[1]?.traceparent);
});

test('every span ends once, whatever becomes of the job', async () => {
  const tracer = new SeeingTracer();
  const rig = await startRig({ tracer });
  const supervisor = new FakeSupervisor(rig.balancer);
  const lost = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 2 });
  await settled();
  const gone = new AbortController();
  const answers = [
    ask(rig, call({ budgetMs: 300 })),
    ask(rig, call({ budgetMs: 5000 })),
    ask(rig, call({ budgetMs: 100 })),
    ask(rig, call({ budgetMs: 5000 }), gone.signal),
  ];
  await settled();
  rig.clock.advance(150);
  gone.abort();
  supervisor.exited('w1', [lost.jobs[0]?.id ?? 0]);
  lost.close();
  await settled();
  const spare = new FakeWorker(rig.balancer, { workerId: 'w2' });
  await settled();
  spare.answer();
  await Promise.all(answers.map((answer) => answer.promise));
  expect(tracer.spans.map((span) => span.ends.length)).toEqual(tracer.spans.map(() => 1));
  const failed = tracer.spans.map(({ name, ends }) => `${name} ${ends[0]?.failure?.code}`).sort();
  expect(failed).toEqual([
    'balancer dispatch unavailable',
    'balancer dispatch unavailable',
    'balancer dispatch undefined',
    'balancer queue cancelled',
    'balancer queue deadline_exceeded',
    'balancer queue undefined',
    'balancer queue undefined',
    'balancer queue undefined',
  ]);
});

test('spans of a call whose caller has gone are let go at once, and those that come later when they come', async () => {
  const told: string[] = [];
  const rig = await startRig({ carrier: tellingCarrier(told) });
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  const gone = new AbortController();
  const answer = ask(rig, { ...call(), traceparent: parent }, gone.signal);
  await settled();
  gone.abort();
  await answer.promise;
  expect(told).toEqual(['leave']);
  const result = JobResult.create({ id: worker.jobs[0]?.id ?? 0, spans: Buffer.from('of the worker') });
  worker.send({ results: [result] });
  await settled();
  expect(told).toEqual(['leave', 'give of the worker', 'leave']);
});

test('spans of an attempt that could not begin leave with the answer of the last one', async () => {
  const told: string[] = [];
  const rig = await startRig({ carrier: tellingCarrier(told) });
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1' });
  const answer = ask(rig, { ...call(), traceparent: parent });
  await settled();
  const value = ErrorDetail.fromPartial({ code: 'unavailable', notStarted: true, retryable: true });
  const spans = Buffer.from('of the first');
  worker.send({
    results: [JobResult.create({ id: worker.jobs[0]?.id ?? 0, outcome: { $case: 'failure', value }, spans })],
  });
  await settled();
  rig.clock.advance(1000);
  await settled();
  worker.answer(worker.jobs.slice(-1));
  await answer.promise;
  expect([answer.output, told]).toEqual(['in', ['give of the first', 'take']]);
});
