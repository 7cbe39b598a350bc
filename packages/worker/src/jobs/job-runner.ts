import { type BuildWork, type InvokeWork, type Job, JobResult, type OutputPart } from '@relais/contracts';
import {
  type Clock,
  type Logger,
  RelaisError,
  type Span,
  type SpanCarrier,
  type Tracer,
  toDetail,
  traceField,
} from '@relais/kit';
import type { CachedFunction, FunctionCache } from '../functions/function-cache.js';
import type { BegunJournal } from '../journal/begun-journal.js';
import { OutputStream } from '../runtimes/output-stream.js';
import type { Call, CallOutcome, Runtime } from '../runtimes/runtime.js';
import type { WorkerFigures } from '../worker-figures.js';
import { asBuffer, type LoadTimes, nothingLoaded, resultOf } from './job-results.js';
import { loadTimesOf, traceLoad } from './load-times.js';
import { hasAny, withoutSecrets } from './mask-secrets.js';
import { traceUserSpans } from './trace-user-spans.js';

export interface JobRunnerOptions {
  readonly workerId: string;
  readonly functions: FunctionCache;
  readonly runtimeOf: (lang: string) => Runtime | undefined;
  readonly journal: BegunJournal;
  readonly clock: Clock;
  /** Told the cause of every failure that is our own. */
  readonly logger: Logger;
  readonly tracer: Tracer;
  /** Makes the span of the user's code itself. */
  readonly runtimeTracer: Tracer;
  /** Makes the spans that the user's code tells of. */
  readonly userTracer: Tracer;
  readonly figures?: WorkerFigures;
  /** Gives the spans that go out with results. */
  readonly carrier?: SpanCarrier;
  /** Takes each job's one result. */
  readonly answer: (result: JobResult) => void;
  /** Takes parts of outputs, each job's before its result. */
  readonly handOn: (part: OutputPart) => void;
  /** Output of one call that goes out in parts; beyond it the call is aborted. */
  readonly streamBytesMax: number;
}

/** A job between arrival and answer. */
interface RunningJob {
  readonly job: Job;
  readonly arrivedMs: number;
  readonly deadlineMs: number;
  readonly span: Span;
  /** Set while it waits for its function, and once it runs where it can be stopped. */
  stop?: (failure: RelaisError) => void;
  /** Where its output goes while it runs, when its caller wants that. */
  stream?: OutputStream;
}

const deadlineTickMs = 10;

/** Runs the jobs a worker is given: each is answered exactly once, none by a rejection. */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #running = new Map<number, RunningJob>();
  readonly #isRunning = (jobId: number) => this.#running.has(jobId);
  #stopTicker: (() => void) | undefined;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
  }

  get runningCount(): number {
    return this.#running.size;
  }

  /** Age of the oldest unanswered job, milliseconds; 0 when there is none. */
  oldestMs(): number {
    const oldest = this.#running.values().next();
    return oldest.done ? 0 : this.#options.clock.nowMs() - oldest.value.arrivedMs;
  }

  /** Takes a job. A call of an inline runtime whose function is ready has been answered when this returns. */
  run(job: Job, arrivedMs: number): void {
    const running: RunningJob = {
      job,
      arrivedMs,
      deadlineMs: arrivedMs + job.budgetMs,
      span: this.#options.tracer.start(job.work?.$case === 'build' ? 'worker build' : 'worker run', {
        kind: 'server',
        parent: job.traceparent,
        startMs: arrivedMs,
      }),
    };
    this.#running.set(job.id, running);
    if (job.work?.$case === 'invoke') this.#invoke(running, job.work.value);
    else if (job.work?.$case === 'build') void this.#build(running, job.work.value);
    else this.#fail(running, new RelaisError('internal', 'A job without work arrived at a worker.'));
  }

  /** Stops a job whose time is over or whose caller has gone; one that is unknown or answered is ignored. */
  cancel(jobId: number): void {
    const cancelled = new RelaisError('cancelled', 'The call was cancelled.', { component: 'worker' });
    this.#running.get(jobId)?.stop?.(cancelled);
  }

  /** Lets a job send more of its output; one that is unknown, answered or answers whole is ignored. */
  grant(jobId: number, bytes: number): void {
    this.#running.get(jobId)?.stream?.grant(bytes);
  }

  /** Stops everything that can be stopped; used when nobody is left to take the answers. */
  cancelAll(): void {
    for (const jobId of [...this.#running.keys()]) this.cancel(jobId);
  }

  #invoke(running: RunningJob, work: InvokeWork): void {
    const cached = this.#options.functions.take(work.functionId);
    if (cached) this.#begin(running, work, cached, nothingLoaded);
    else void this.#loadAndBegin(running, work);
  }

  async #loadAndBegin(running: RunningJob, work: InvokeWork): Promise<void> {
    const { functions, tracer } = this.#options;
    // The fetch goes on for others that wait for it; this job is answered in its own time.
    running.stop = (failure) => this.#fail(running, notBegun(failure, work.functionName));
    this.#watchDeadlines();
    try {
      // Storage's span hangs on what outlives this worker, should it be killed.
      const cached = await functions.load(work.functionId, running.job.traceparent);
      if (this.#running.get(running.job.id) !== running) {
        functions.release(work.functionId);
        if (running.span.recording) this.#options.carrier?.leave(running.job.traceparent);
        return;
      }
      if (running.span.recording) traceLoad(tracer, running.span.traceparent, running.arrivedMs, cached);
      this.#begin(running, work, cached, loadTimesOf(running.arrivedMs, cached));
    } catch (error) {
      this.#fail(running, RelaisError.from(error).with({ notStarted: true }));
    }
  }

  #begin(running: RunningJob, work: InvokeWork, cached: CachedFunction, load: LoadTimes): void {
    const { clock, functions, journal, runtimeTracer } = this.#options;
    const { job } = running;
    const beginMs = clock.nowMs();
    if (beginMs >= running.deadlineMs) {
      functions.release(work.functionId);
      this.#fail(running, waitedTooLong(`${work.functionName} call`));
      return;
    }
    const span = runtimeTracer.start(`runtime ${job.lang}`, {
      kind: 'internal',
      parent: running.span.traceparent,
      startMs: beginMs,
    });
    if (running.span.recording) running.span.set(faasAttributes(job, work, this.#options.workerId, load));
    const call: Call = {
      jobId: job.id,
      invocationId: job.invocationId,
      payload: work.payload,
      deadlineMs: running.deadlineMs,
      budgetMs: running.deadlineMs - beginMs,
      traceparent: span.traceparent,
      attempt: job.attempt,
      begun: () => journal.begin(job.id, this.#isRunning),
      stream: work.streamWindowBytes > 0 ? this.#openStream(running, work.streamWindowBytes) : undefined,
      ...(job.apart ? { apart: true } : {}),
      ...(job.tracestate === undefined ? {} : { tracestate: job.tracestate }),
      ...(work.http ? { http: work.http } : {}),
      ...(hasAny(work.secrets) ? { secrets: work.secrets } : {}),
    };
    const outcome = cached.loaded.invoke(call);
    if (outcome instanceof Promise) {
      running.stop = (failure) => cached.loaded.cancel(job.id, failure);
      this.#watchDeadlines();
      void outcome.then((late) => this.#finish(running, work, span, late, load));
    } else {
      this.#finish(running, work, span, outcome, load);
    }
  }

  #openStream(running: RunningJob, windowBytes: number): OutputStream {
    const { handOn, streamBytesMax } = this.#options;
    const { id } = running.job;
    running.stream = new OutputStream({
      windowBytes,
      bytesMax: streamBytesMax,
      send: (data, http) => handOn({ id, data: asBuffer(data), http }),
    });
    return running.stream;
  }

  #finish(running: RunningJob, work: InvokeWork, span: Span, told: CallOutcome, load: LoadTimes): void {
    const outcome = hasAny(work.secrets) ? withoutSecrets(told, work.secrets) : told;
    const failure = outcome.result.ok ? undefined : outcome.result.error;
    if (span.recording) {
      const { attributes, coldUs, initUs = 0, processorWaitUs, runUs } = outcome;
      const times = { 'relais.cold_us': coldUs, 'relais.init_us': initUs, 'relais.run_us': runUs };
      const waited = processorWaitUs === undefined ? {} : { 'relais.processor_wait_us': processorWaitUs };
      span.set({ ...times, ...waited, ...attributes });
    }
    const endMs = this.#options.clock.nowMs();
    if (span.recording && outcome.coldUs > 0) this.#traceStart(span, outcome, endMs);
    if (span.recording && outcome.spans) {
      const beganMs = endMs - outcome.runUs / 1000;
      traceUserSpans(this.#options.userTracer, outcome.spans, { parent: span.traceparent, beganMs, endMs });
    }
    span.end(failure, endMs);
    this.#options.functions.release(work.functionId);
    this.#settle(running, resultOf(outcome, load, running.stream?.begun ?? false), failure);
  }

  /** What is not warm is made ready before it runs: both are told apart under the runtime's span. */
  #traceStart({ traceparent: parent }: Span, { coldUs, runUs }: CallOutcome, endMs: number): void {
    const { runtimeTracer } = this.#options;
    const runMs = endMs - runUs / 1000;
    const startMs = runMs - coldUs / 1000;
    runtimeTracer.start('runtime start', { kind: 'internal', parent, startMs }).end(undefined, runMs);
    runtimeTracer.start('runtime run', { kind: 'internal', parent, startMs: runMs }).end(undefined, endMs);
  }

  async #build(running: RunningJob, work: BuildWork): Promise<void> {
    const { clock, journal, runtimeOf } = this.#options;
    const { job } = running;
    const ending = new AbortController();
    running.stop = (failure) => ending.abort(failure);
    try {
      const runtime = runtimeOf(job.lang);
      if (!runtime) throw new RelaisError('unavailable', `This worker does not build ${job.lang}.`);
      if (clock.nowMs() >= running.deadlineMs) throw waitedTooLong(`${job.lang} build`);
      journal.begin(job.id, this.#isRunning);
      const built = await runtime.build(work, job.budgetMs, ending.signal);
      this.#settle(running, JobResult.create({ outcome: { $case: 'built', value: built } }), undefined);
    } catch (error) {
      this.#fail(running, RelaisError.from(error));
    }
  }

  #fail(running: RunningJob, error: RelaisError): void {
    const failure = error.with({ component: 'worker' });
    const detail = toDetail(failure);
    this.#settle(running, JobResult.create({ outcome: { $case: 'failure', value: detail } }), failure);
  }

  #settle(running: RunningJob, result: JobResult, failure: RelaisError | undefined): void {
    if (!this.#running.delete(running.job.id)) return;
    running.stream?.close();
    if (this.#running.size === 0) this.#stopWatching();
    running.span.end(failure);
    if (running.span.recording) {
      const spans = this.#options.carrier?.take(running.job.traceparent);
      if (spans) result.spans = spans;
    }
    this.#options.figures?.done(running.job.lang, failure?.code ?? 'ok', result.timings);
    if (failure?.code === 'internal') {
      const { invocationId, lang, traceparent } = running.job;
      const fields = { invocationId, ...traceField(traceparent), lang, error: failure };
      this.#options.logger.error(fields, 'a job failed on our account');
    }
    result.id = running.job.id;
    result.workerId = this.#options.workerId;
    this.#options.answer(result);
  }

  #watchDeadlines(): void {
    this.#stopTicker ??= this.#options.clock.every(deadlineTickMs, () => this.#stopOverdue());
  }

  #stopWatching(): void {
    this.#stopTicker?.();
    this.#stopTicker = undefined;
  }

  #stopOverdue(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const running of this.#running.values()) {
      // A build is held to its time by its runtime.
      if (nowMs >= running.deadlineMs && running.job.work?.$case !== 'build') {
        running.stop?.(outOfTime(running.job.lang));
      }
    }
  }
}

/** What the semantic conventions for functions call an invocation. */
function faasAttributes(job: Job, work: InvokeWork, workerId: string, load: LoadTimes) {
  return {
    'faas.name': work.functionName,
    'faas.version': work.functionId,
    'faas.invocation.id': job.invocationId,
    'faas.instance': workerId,
    'faas.coldstart': load !== nothingLoaded,
  };
}

function outOfTime(what: string): RelaisError {
  return new RelaisError('deadline_exceeded', `The time budget of this ${what} call was used up at the worker.`, {
    component: 'worker',
    reason: 'timeout',
  });
}

function waitedTooLong(what: string): RelaisError {
  return new RelaisError(
    'deadline_exceeded',
    `The time budget of this ${what} was used up before the worker could begin it.`,
    { component: 'worker', reason: 'timeout', fault: 'platform', notStarted: true },
  );
}

/** Why a job was stopped, of one that waited for its function. */
function notBegun(failure: RelaisError, functionName: string): RelaisError {
  return failure.code === 'deadline_exceeded'
    ? waitedTooLong(`${functionName} call`)
    : failure.with({ notStarted: true });
}
