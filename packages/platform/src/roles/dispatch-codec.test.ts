import { DispatchRequest, DispatchResponse, InvokeWork, Job, JobResult } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import { dispatchAnsweringCodec, dispatchAskingCodec } from './dispatch-codec.js';

const work = {
  $case: 'invoke' as const,
  value: InvokeWork.create({ functionId: 'f_1', functionName: 'f', payload: Buffer.from('hi') }),
};
const job = Job.create({ invocationId: 'i', lang: 'c', budgetMs: 9000, traceparent: 'job', work });

function overTheWire(frame: DispatchRequest): DispatchRequest {
  return DispatchRequest.decode(DispatchRequest.encode(frame).finish());
}

test('a job arrives with the exchange id, what is left of its budget, and its trace', () => {
  const frame = dispatchAskingCodec.wrap([{ id: 5, question: job, budgetMs: 100.9, traceparent: 'sender' }], [3]);
  const { questions, cancelIds } = dispatchAnsweringCodec.unwrap(overTheWire(frame));
  expect(cancelIds).toEqual([3]);
  expect(questions).toMatchObject([
    { id: 5, budgetMs: 100, traceparent: 'sender', question: { invocationId: 'i', lang: 'c', work } },
  ]);
});

test('a sender without a span leaves the trace of the job', () => {
  const frame = dispatchAskingCodec.wrap([{ id: 5, question: job, budgetMs: 1, traceparent: undefined }], []);
  expect(frame.jobs[0]?.traceparent).toBe('job');
});

test('a budget that is nearly used up still counts as one millisecond', () => {
  const frame = dispatchAskingCodec.wrap([{ id: 5, question: job, budgetMs: 0.2, traceparent: undefined }], []);
  expect(frame.jobs[0]?.budgetMs).toBe(1);
});

test('a result comes back under the exchange id', () => {
  const value = { output: Buffer.from('ho'), http: undefined };
  const answer = JobResult.create({ id: 77, outcome: { $case: 'invoked', value } });
  const frame = DispatchResponse.decode(
    DispatchResponse.encode(dispatchAnsweringCodec.wrap([{ id: 5, answer }])).finish(),
  );
  expect(dispatchAskingCodec.unwrap(frame)).toMatchObject([{ id: 5, answer: { id: 5, outcome: answer.outcome } }]);
});

test('a failure is an answer with its code and reason', () => {
  const error = new RelaisError('unavailable', 'Gone.', { reason: 'shutting_down' });
  expect(dispatchAnsweringCodec.failure(5, error)).toMatchObject({
    id: 5,
    outcome: { $case: 'failure', value: { code: 'unavailable', reason: 'shutting_down' } },
  });
});

test.each([
  ['shutting_down', true, true],
  ['stopping', true, true],
  ['shutting_down', false, false],
  ['no_worker', true, false],
])('of a balancer that refuses with %s, not started %s, the next one is asked: %s', (reason, notStarted, isLeaving) => {
  const error = new RelaisError('unavailable', 'No.', notStarted ? { reason, notStarted } : { reason });
  expect(dispatchAskingCodec.isLeaving(dispatchAnsweringCodec.failure(5, error))).toBe(isLeaving);
  expect(dispatchAskingCodec.isLeaving(JobResult.create({ id: 5 }))).toBe(false);
});

test('sizes follow the bytes that travel', () => {
  const big = { ...work, value: { ...work.value, payload: Buffer.alloc(1_000_000) } };
  expect(dispatchAskingCodec.sizeOf({ ...job, work: big })).toBeGreaterThan(1_000_000);
  expect(dispatchAskingCodec.sizeOf(job)).toBeLessThan(1000);
  const value = { output: Buffer.alloc(1_000_000), http: undefined, streamed: false };
  expect(dispatchAnsweringCodec.sizeOf(JobResult.create({ outcome: { $case: 'invoked', value } }))).toBeGreaterThan(
    1e6,
  );
});
