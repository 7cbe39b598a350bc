import type { Job, JobResult, OutputPart } from '@relais/contracts';
import {
  type Clock,
  type Exchange,
  type Flow,
  fromDetail,
  RelaisError,
  type SpanCarrier,
  traceIdOf,
} from '@relais/kit';
import type { CallObserver } from './call-report.js';
import { type Caller, contextFor } from './caller.js';
import type { DeadlineGuard } from './deadline-guard.js';
import type { EarlyReturns } from './early-returns.js';
import { callerDeadline } from './failures.js';

const noAnswer = 'no_answer';
const idMax = 0xffff_ffff;

/** One piece of work as a use case states it. */
export interface Work {
  readonly invocationId: string;
  readonly lang: string;
  readonly budgetMs: number;
  readonly work: NonNullable<Job['work']>;
  /** Number of the version, for a call. */
  readonly version?: number;
}

export interface JobDispatcherOptions {
  readonly dispatch: Exchange<Job, JobResult, OutputPart>;
  readonly guard: DeadlineGuard;
  readonly clock: Clock;
  readonly earlyReturns: EarlyReturns;
  /** Takes the spans that come with results. */
  readonly carrier?: SpanCarrier | undefined;
  /** Hears of every call of a function. */
  readonly called: CallObserver;
  /** Hears of every build; the code is "ok" or of the failure. */
  readonly built: (lang: string, code: string) => void;
}

/** Sends jobs and turns failed ones into errors that say which invocation and trace they belong to. */
export class JobDispatcher {
  readonly #options: JobDispatcherOptions;
  #lastId = 0;

  constructor(options: JobDispatcherOptions) {
    this.#options = options;
  }

  /**
   * A result that is not a failure; parts of an output go to the flow before it. Rejects with the failure, or with
   * deadline_exceeded at the latest 1 s late.
   */
  async run(work: Work, caller: Caller, flow?: Flow<OutputPart>): Promise<JobResult> {
    const { carrier, clock, dispatch, earlyReturns, guard } = this.#options;
    const startMs = clock.nowMs();
    const all = contextFor(caller, work.budgetMs);
    const heldMs = earlyReturns.earlyMs(caller.signal, work, all.budgetMs);
    if (heldMs > 0) await earlyReturns.hold(heldMs, caller.signal);
    const context = heldMs > 0 ? { ...all, budgetMs: all.budgetMs - heldMs } : all;
    this.#lastId = this.#lastId === idMax ? 1 : this.#lastId + 1;
    const job: Job = {
      id: this.#lastId,
      invocationId: work.invocationId,
      lang: work.lang,
      budgetMs: Math.max(1, Math.floor(context.budgetMs)),
      traceparent: caller.traceparent,
      attempt: 1,
      work: work.work,
      tracestate: caller.tracestate,
    };
    let result: JobResult | undefined;
    try {
      const answer = dispatch.exchange(job, context, flow);
      result = await guard.within(context.budgetMs, answer, () => overdue(context.budgetMs));
      if (result.spans?.length) carrier?.give(caller.traceparent, result.spans);
      if (result.outcome?.$case === 'failure') throw withResult(fromDetail(result.outcome.value), result);
      this.#report(work, caller, startMs, result, undefined);
      return result;
    } catch (error) {
      const ids = { invocationId: work.invocationId, traceId: traceIdOf(caller.traceparent) };
      const told = RelaisError.from(error).with(ids);
      const failure = all.budgetMs < work.budgetMs && isOutOfTime(told) ? callerDeadline(told) : told;
      earlyReturns.refused(caller.signal, work, failure);
      this.#report(work, caller, startMs, result, failure);
      throw failure;
    }
  }

  #report(
    { invocationId, lang, version = 0, work }: Work,
    { span, traceparent }: Caller,
    startMs: number,
    result: JobResult | undefined,
    failure: RelaisError | undefined,
  ): void {
    const { built, called, clock } = this.#options;
    if (work.$case === 'build') {
      built(lang, failure?.code ?? 'ok');
      return;
    }
    const { functionId, functionName } = work.value;
    const endMs = clock.nowMs();
    called({ invocationId, functionId, functionName, version, traceparent, span, startMs, endMs, result, failure });
  }
}

function withResult(error: RelaisError, result: JobResult): RelaisError {
  const timings = result.timings ? { timings: result.timings } : {};
  const workerId = result.workerId ? { workerId: result.workerId } : {};
  return error.with({ ...timings, ...workerId });
}

/** Whether a job ended with its time, as told by those who watch it. */
function isOutOfTime({ code, fields }: RelaisError): boolean {
  return code === 'deadline_exceeded' && fields.reason !== noAnswer;
}

function overdue(budgetMs: number): RelaisError {
  return new RelaisError('deadline_exceeded', `No answer within the time of ${Math.round(budgetMs)} ms.`, {
    reason: noAnswer,
    fault: 'platform',
    component: 'balancer',
  });
}
