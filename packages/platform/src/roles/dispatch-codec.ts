import { DispatchRequest, DispatchResponse, type Job, JobResult } from '@relais/contracts';
import { type ExchangeClientCodec, type ExchangeServerCodec, type RelaisError, toDetail } from '@relais/kit';

/** How a gateway's jobs travel to a balancer in another process. */
export const dispatchClientCodec: ExchangeClientCodec<Job, JobResult, DispatchRequest, DispatchResponse> = {
  wrap: (items, cancelIds) => {
    const jobs = items.map(({ id, question }) => ({ ...question, id }));
    return DispatchRequest.create({ jobs, cancelIds: [...cancelIds] });
  },
  unwrap: (frame) => frame.results.map((answer) => ({ id: answer.id, answer })),
  sizeOf: (job) => {
    const { work } = job;
    if (work?.$case === 'invoke') return work.value.payload.length + 256;
    return (work?.value.source.length ?? 0) + 256;
  },
};

/** The same at the balancer's end. A job's failure is part of its result. */
export const dispatchServerCodec: ExchangeServerCodec<Job, JobResult, DispatchRequest, DispatchResponse> = {
  unwrap: (frame) => ({
    questions: frame.jobs.map((job) => ({
      id: job.id,
      question: job,
      context: { budgetMs: job.budgetMs, traceparent: job.traceparent },
    })),
    cancelIds: frame.cancelIds,
  }),
  wrap: (answers) => DispatchResponse.create({ results: answers.map(({ id, answer }) => ({ ...answer, id })) }),
  failure: (error: RelaisError) => JobResult.create({ outcome: { $case: 'failure', value: toDetail(error) } }),
};
