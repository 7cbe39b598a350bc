import { DispatchRequest, DispatchResponse, type Job, JobResult, type OutputPart } from '@relais/contracts';
import { type AnsweringCodec, type AskingCodec, partCost, sizeOfResult, toDetail } from '@relais/kit';

/** What a job or a result weighs beside its bytes, roughly. */
const frameOverheadBytes = 256;
/** The same of a part of an output. */
const partOverheadBytes = 64;

/** Why a balancer or its server takes nothing new. */
const leavingReasons: ReadonlySet<string> = new Set(['shutting_down', 'stopping']);

/** How a gateway's jobs travel to a balancer in another process. */
export const dispatchAskingCodec: AskingCodec<Job, JobResult, DispatchRequest, DispatchResponse, OutputPart> = {
  wrap(questions, cancelIds) {
    const jobs = questions.map(({ id, question, budgetMs, traceparent }) => ({
      ...question,
      id,
      budgetMs: Math.max(1, Math.floor(budgetMs)),
      traceparent: traceparent ?? question.traceparent,
    }));
    return DispatchRequest.create({ jobs, cancelIds: [...cancelIds] });
  },
  unwrap: (frame) => frame.results.map((answer) => ({ id: answer.id, answer })),
  isLeaving: ({ outcome }) =>
    outcome?.$case === 'failure' && outcome.value.notStarted && leavingReasons.has(outcome.value.reason),
  sizeOf({ work }) {
    const bytes = work?.$case === 'invoke' ? work.value.payload.length : (work?.value.source.length ?? 0);
    return bytes + frameOverheadBytes;
  },
  parts: {
    unwrap: (frame) => frame.parts.map((part) => ({ id: part.id, part })),
    costOf: ({ data }) => partCost(data.length),
    wrapCredits: (credits) => DispatchRequest.create({ credits: credits.map(({ id, bytes }) => ({ id, bytes })) }),
  },
};

/** The same at the balancer's end. A job's failure is part of its result. */
export const dispatchAnsweringCodec: AnsweringCodec<Job, JobResult, DispatchResponse, DispatchRequest, OutputPart> = {
  unwrap: ({ jobs, cancelIds }) => ({
    questions: jobs.map((job) => ({
      id: job.id,
      question: job,
      budgetMs: job.budgetMs,
      traceparent: job.traceparent === '' ? undefined : job.traceparent,
    })),
    cancelIds,
  }),
  wrap: (answers) => DispatchResponse.create({ results: answers.map(({ id, answer }) => ({ ...answer, id })) }),
  failure: (id, error) => JobResult.create({ id, outcome: { $case: 'failure', value: toDetail(error) } }),
  sizeOf: sizeOfResult,
  parts: {
    windowOf: ({ work }) => (work?.$case === 'invoke' ? work.value.streamWindowBytes : 0),
    unwrapCredits: ({ credits }) => credits,
    wrap: (parts) => DispatchResponse.create({ parts: parts.map(({ id, part }) => ({ ...part, id })) }),
    sizeOf: ({ data }) => data.length + partOverheadBytes,
  },
};
