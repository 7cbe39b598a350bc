import type { Job, JobResult } from '@relais/contracts';
import { type Exchange, fromDetail, RelaisError, traceIdOf } from '@relais/kit';
import { type Caller, contextFor } from './caller.js';
import type { DeadlineGuard } from './deadline-guard.js';

const idMax = 0xffff_ffff;

/** One piece of work as a use case states it. */
export interface Work {
  readonly invocationId: string;
  readonly lang: string;
  readonly budgetMs: number;
  readonly work: NonNullable<Job['work']>;
}

/** Sends jobs and turns failed ones into errors that say which invocation and trace they belong to. */
export class JobDispatcher {
  readonly #dispatch: Exchange<Job, JobResult>;
  readonly #guard: DeadlineGuard;
  #lastId = 0;

  constructor(dispatch: Exchange<Job, JobResult>, guard: DeadlineGuard) {
    this.#dispatch = dispatch;
    this.#guard = guard;
  }

  /** A result that is not a failure. Rejects with the failure, or with deadline_exceeded at the latest 1 s late. */
  async run(work: Work, caller: Caller): Promise<JobResult> {
    const context = contextFor(caller, work.budgetMs);
    this.#lastId = this.#lastId === idMax ? 1 : this.#lastId + 1;
    const job: Job = {
      id: this.#lastId,
      invocationId: work.invocationId,
      lang: work.lang,
      budgetMs: Math.max(1, Math.floor(context.budgetMs)),
      traceparent: caller.traceparent,
      attempt: 1,
      work: work.work,
    };
    try {
      const answer = this.#dispatch.exchange(job, context);
      const result = await this.#guard.within(context.budgetMs, answer, () => overdue(context.budgetMs));
      if (result.outcome?.$case !== 'failure') return result;
      throw withResult(fromDetail(result.outcome.value), result);
    } catch (error) {
      const ids = { invocationId: work.invocationId, traceId: traceIdOf(caller.traceparent) };
      throw RelaisError.from(error).with(ids);
    }
  }
}

function withResult(error: RelaisError, result: JobResult): RelaisError {
  const timings = result.timings ? { timings: result.timings } : {};
  const workerId = result.workerId ? { workerId: result.workerId } : {};
  return error.with({ ...timings, ...workerId });
}

function overdue(budgetMs: number): RelaisError {
  return new RelaisError('deadline_exceeded', `No answer within the time of ${Math.round(budgetMs)} ms.`, {
    reason: 'no_answer',
    fault: 'platform',
    component: 'balancer',
  });
}
