import {
  type AttachRequest,
  type AttachResponse,
  type Credit,
  ErrorDetail,
  type Job,
  JobResult,
  type LanguageSupport,
  OutputPart,
  WorkerHello,
} from '@relais/contracts';
import { type Link, memoryLinkPair } from '@relais/kit';
import type { Balancer } from '../balancer.js';

/** Lets everything that was sent arrive, frames of this turn included. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

export function language(lang: string, runs = true, builds = true): LanguageSupport {
  return { lang, runs, builds, reason: '', toolchain: `${lang} 1.0` };
}

/** A worker that does what the test says, over the real link and frames. */
export class FakeWorker {
  readonly id: string;
  /** Jobs it has and has not answered, in order of arrival. */
  readonly jobs: Job[] = [];
  readonly frames: AttachResponse[] = [];
  readonly cancelIds: number[] = [];
  readonly credits: Credit[] = [];
  drainSeen = false;
  open = true;
  readonly #link: Link<AttachRequest, AttachResponse>;

  constructor(balancer: Balancer, hello: Partial<WorkerHello> & { workerId: string }) {
    const [ours, theirs] = memoryLinkPair<AttachRequest, AttachResponse>(hello.workerId, 'balancer');
    this.id = hello.workerId;
    this.#link = ours;
    ours.receive({
      message: (frame) => this.#take(frame),
      closed: () => {
        this.open = false;
      },
    });
    balancer.attachWorker(theirs);
    const defaults = { pid: 1, host: 'here', slots: 4, languages: [language('c')], inline: false };
    this.send({ hello: WorkerHello.fromPartial({ ...defaults, ...hello }) });
  }

  send(frame: Partial<AttachRequest>): void {
    this.#link.send({ hello: undefined, results: [], heartbeat: undefined, draining: false, parts: [], ...frame });
  }

  /** Answers jobs with their payload. */
  answer(jobs: readonly Job[] = [...this.jobs], runUs = 100, processorWaitUs?: number): void {
    this.send({ results: jobs.map((job) => ({ ...this.#resultOf(job, runUs), processorWaitUs })) });
  }

  /** Answers jobs with a failure. */
  fail(jobs: readonly Job[], failure: Partial<ErrorDetail>, runUs = 100): void {
    const results = jobs.map((job) => ({
      ...this.#resultOf(job, runUs),
      outcome: { $case: 'failure', value: ErrorDetail.fromPartial(failure) } as const,
    }));
    this.send({ results });
  }

  /** Sends a part of a job's output. */
  part(job: Job | undefined, data: string): void {
    this.send({ parts: [OutputPart.create({ id: job?.id ?? 0, data: Buffer.from(data) })] });
  }

  heartbeat(): void {
    this.send({ heartbeat: { running: this.jobs.length, oldestJobMs: 0 } });
  }

  close(): void {
    this.#link.close();
  }

  #take(frame: AttachResponse): void {
    this.frames.push(frame);
    this.jobs.push(...frame.jobs);
    this.cancelIds.push(...frame.cancelIds);
    this.credits.push(...frame.credits);
    if (frame.drain) this.drainSeen = true;
  }

  #resultOf(job: Job, runUs: number): JobResult {
    this.jobs.splice(this.jobs.indexOf(job), 1);
    const output = job.work?.$case === 'invoke' ? job.work.value.payload : Buffer.alloc(0);
    return JobResult.fromPartial({
      id: job.id,
      outcome: { $case: 'invoked', value: { output } },
      timings: { queuedUs: 0, coldUs: 0, runUs },
      logs: 'printed',
    });
  }
}
