import {
  Form,
  type HttpResponse,
  type InvokeWork,
  IsolationCost,
  type Job,
  type JobResult,
  OutputPart,
} from '@relais/contracts';
import { type CallContext, type Exchange, type Flow, partCost, RelaisError, toDetail } from '@relais/kit';

/** What a fake function answers: bytes, or bytes with status and headers. */
export interface FakeAnswer {
  readonly output: string | Buffer;
  readonly http?: HttpResponse;
  readonly logs?: string;
}

/** A fake function whose output comes in parts; it ends the call when it returns. */
export type FakeStream = (give: (part: Partial<OutputPart>) => Promise<void>, context: CallContext) => Promise<void>;

export type FakeFunction = (work: InvokeWork, job: Job, context: CallContext) => FakeAnswer | Promise<FakeAnswer>;

/** A fleet that answers in the test's own process: builds succeed, functions are found by name, else payloads echo. */
export class FakeDispatch implements Exchange<Job, JobResult, OutputPart> {
  readonly jobs: Job[] = [];
  readonly functions = new Map<string, FakeFunction>();
  readonly streams = new Map<string, FakeStream>();
  /** What builds reject with. */
  buildFailure: RelaisError | undefined;

  async exchange(job: Job, context: CallContext, flow?: Flow<OutputPart>): Promise<JobResult> {
    this.jobs.push(job);
    const timings = { queuedUs: 1, coldUs: 2, runUs: 3, fetchUs: 4, compileUs: 5, startUs: 6, initUs: 7 };
    const rest = { id: job.id, timings, workerId: 'w1', logs: '', logsTruncated: false };
    try {
      if (job.work?.$case !== 'invoke') return { ...rest, outcome: { $case: 'built', value: this.#build(job) } };
      const stream = flow && this.streams.get(job.work.value.functionName);
      if (stream) {
        await stream(giver(flow), context);
        return {
          ...rest,
          outcome: { $case: 'invoked', value: { output: Buffer.alloc(0), http: undefined, streamed: true } },
        };
      }
      const run = this.functions.get(job.work.value.functionName);
      const { http, logs, output } = run ? await run(job.work.value, job, context) : { output: job.work.value.payload };
      return {
        ...rest,
        logs: logs ?? '',
        outcome: { $case: 'invoked', value: { output: Buffer.from(output as Buffer), http, streamed: false } },
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

/** Delivers parts within the credit, waiting for it. */
function giver(flow: Flow<OutputPart>): (part: Partial<OutputPart>) => Promise<void> {
  let credit = flow.windowBytes;
  let more = () => {};
  flow.listen((bytes) => {
    credit += bytes;
    more();
  });
  return async (given) => {
    const part = OutputPart.fromPartial(given);
    const cost = partCost(part.data.length);
    while (credit < cost) {
      await new Promise<void>((resolve) => {
        more = resolve;
      });
    }
    credit -= cost;
    if (!flow.deliver(part, cost)) throw new Error('a part without credit');
    await new Promise((resolve) => setImmediate(resolve));
  };
}
