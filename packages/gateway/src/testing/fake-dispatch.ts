import { Form, type HttpResponse, type InvokeWork, IsolationCost, type Job, type JobResult } from '@relais/contracts';
import { type CallContext, type Exchange, RelaisError, toDetail } from '@relais/kit';

/** What a fake function answers: bytes, or bytes with status and headers. */
export interface FakeAnswer {
  readonly output: string | Buffer;
  readonly http?: HttpResponse;
  readonly logs?: string;
}

export type FakeFunction = (work: InvokeWork, job: Job, context: CallContext) => FakeAnswer | Promise<FakeAnswer>;

/** A fleet that answers in the test's own process: builds succeed, functions are found by name, else payloads echo. */
export class FakeDispatch implements Exchange<Job, JobResult> {
  readonly jobs: Job[] = [];
  readonly functions = new Map<string, FakeFunction>();
  /** What builds reject with. */
  buildFailure: RelaisError | undefined;

  async exchange(job: Job, context: CallContext): Promise<JobResult> {
    this.jobs.push(job);
    const timings = { queuedUs: 1, coldUs: 2, runUs: 3, fetchUs: 4, compileUs: 5, startUs: 6, initUs: 7 };
    const rest = { id: job.id, timings, workerId: 'w1', logs: '', logsTruncated: false };
    try {
      if (job.work?.$case !== 'invoke') return { ...rest, outcome: { $case: 'built', value: this.#build(job) } };
      const run = this.functions.get(job.work.value.functionName);
      const { http, logs, output } = run ? await run(job.work.value, job, context) : { output: job.work.value.payload };
      return {
        ...rest,
        logs: logs ?? '',
        outcome: { $case: 'invoked', value: { output: Buffer.from(output as Buffer), http } },
      };
    } catch (error) {
      return { ...rest, outcome: { $case: 'failure', value: toDetail(RelaisError.from(error)) } };
    }
  }

  #build(job: Job) {
    if (this.buildFailure) throw this.buildFailure;
    const wasm = job.lang === 'c';
    const artifact = wasm ? Buffer.from('wasm bytes') : Buffer.alloc(0);
    const isolationCost = IsolationCost.fromPartial({ newUs: 40, resetUs: 9, reuseUs: 0.1, basis: 'build' });
    return { artifact, wasm, form: Form.FORM_PROGRAM, diagnostics: [], isolationCost };
  }
}
