import {
  AttachRequest,
  type AttachResponse,
  type Job,
  JobResult,
  type LanguageSupport,
  type OutputPart,
  type SandboxState,
} from '@relais/contracts';
import {
  type Clock,
  type Component,
  type Dial,
  type Link,
  type Logger,
  PacedFrames,
  PartsLane,
  RelaisError,
  sizeOfResult,
  TickBatch,
  toDetail,
} from '@relais/kit';
import type { JobRunner } from '../jobs/job-runner.js';

export interface WorkerNodeOptions {
  /** Unique in the cluster; chosen by the supervisor. */
  readonly workerId: string;
  readonly host: string;
  /** Jobs the balancer may give it at once. */
  readonly slots: number;
  /** Share of the work it should get beside others; above 0. */
  readonly weight: number;
  readonly inline: boolean;
  /** Of the slots of an inline worker those for calls that run beside its loop. */
  readonly apartSlots: number;
  /** As the machine knows this process, which may count otherwise itself. */
  readonly pid: number;
  /** What its functions run in. */
  readonly sandbox: SandboxState;
  readonly languages: readonly LanguageSupport[];
  readonly dial: Dial<AttachRequest, AttachResponse>;
  readonly makeRunner: (answer: (result: JobResult) => void, handOn: (part: OutputPart) => void) => JobRunner;
  /** Ends what is warm for a function that has been idle for long. */
  readonly endIdle: (functionId: string) => void;
  /** Has so many instances of a function warm. */
  readonly keepWarm: (functionId: string, instances: number) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 to 1; spreads reconnecting workers. */
  readonly random: () => number;
}

const heartbeatMs = 1000;
const redialMs = { first: 50, max: 1000 };
/** After this long in one turn, answers are sent and the loop gets to breathe before the next job. */
const sliceMs = 2;
const drainPollMs = 5;
/** What a part weighs in a frame beside its bytes, roughly. */
const partOverheadBytes = 64;
/** How long a leaving worker waits for the balancer to say that nothing more will come: jobs may be on their way to it. */
const goodbyeMsMax = 5000;

type NodeState = 'idle' | 'attached' | 'detached' | 'draining' | 'stopped';

/** A worker's side of the balancer: dials in, takes jobs, answers them, dials again when the link is lost. */
export class WorkerNode implements Component {
  readonly name = 'worker';
  readonly #options: WorkerNodeOptions;
  readonly #runner: JobRunner;
  readonly #inbox: { job: Job; arrivedMs: number }[] = [];
  readonly #results: TickBatch<JobResult>;
  readonly #frames: PacedFrames<JobResult>;
  readonly #parts: PartsLane<OutputPart>;
  #link: Link<AttachRequest, AttachResponse> | undefined;
  #state: NodeState = 'idle';
  #working = false;
  #redialDelayMs = redialMs.first;
  #stopHeartbeat: (() => void) | undefined;
  #onDrained: (() => void) | undefined;
  /** Set when the balancer has said that nothing more will come. */
  #nothingMore = false;

  constructor(options: WorkerNodeOptions) {
    this.#options = options;
    this.#frames = new PacedFrames({ sizeOf: sizeOfResult, send: (results) => this.#send(results) });
    this.#results = new TickBatch((results) => this.#frames.push(results));
    this.#parts = new PartsLane({
      send: (parts) => this.#link?.send(AttachRequest.create({ parts: parts.map(({ part }) => part) })),
      sizeOf: ({ data }) => data.length + partOverheadBytes,
    });
    this.#runner = options.makeRunner(
      (result) => this.#answer(result),
      (part) => this.#parts.push(part.id, part),
    );
  }

  /** Resolves once attached; keeps dialling until it is. */
  async start(): Promise<void> {
    this.#stopHeartbeat = this.#options.clock.every(heartbeatMs, () => this.#heartbeat());
    await this.#attach();
  }

  /** Jobs begun and not answered. */
  get runningCount(): number {
    return this.#runner.runningCount;
  }

  /** Resolves when the balancer asked this worker to finish and it has. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  async stop(graceMs: number): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'draining';
    this.#link?.send(AttachRequest.create({ draining: true }));
    await this.#until(() => this.#nothingMore || !this.#link, Math.min(graceMs, goodbyeMsMax));
    await this.#until(() => this.#idle(), graceMs);
    this.#results.flushNow();
    await this.#until(() => this.#frames.isEmpty || !this.#link, goodbyeMsMax);
    this.#state = 'stopped';
    this.#stopHeartbeat?.();
    this.#runner.cancelAll();
    this.#link?.close();
  }

  async #attach(): Promise<void> {
    const { clock, dial, logger, random } = this.#options;
    while (!this.#isLeaving()) {
      try {
        const link = await dial();
        // Told to go meanwhile: the balancer must not take it for one that it can give jobs.
        if (this.#isLeaving()) link.close();
        else this.#welcome(link);
        return;
      } catch (error) {
        logger.debug({ error: RelaisError.from(error).message }, 'cannot reach the balancer, will try again');
        const delayMs = this.#redialDelayMs * (0.5 + random());
        this.#redialDelayMs = Math.min(redialMs.max, this.#redialDelayMs * 2);
        await new Promise<void>((resolve) => clock.after(delayMs, resolve));
      }
    }
  }

  #isLeaving(): boolean {
    return this.#state === 'stopped' || this.#state === 'draining';
  }

  #welcome(link: Link<AttachRequest, AttachResponse>): void {
    const { apartSlots, host, inline, languages, pid, sandbox, slots, weight, workerId } = this.#options;
    this.#link = link;
    this.#parts.use(link);
    this.#frames.use(link);
    this.#state = 'attached';
    this.#redialDelayMs = redialMs.first;
    link.receive({
      message: (frame) => this.#receive(frame),
      closed: () => this.#lost(link),
    });
    link.send(
      AttachRequest.create({
        hello: { workerId, pid, host, slots, inline, apartSlots, weight, languages: [...languages], sandbox },
      }),
    );
  }

  #receive(frame: AttachResponse): void {
    const arrivedMs = this.#options.clock.nowMs();
    for (const job of frame.jobs) this.#inbox.push({ job, arrivedMs });
    for (const { id, bytes } of frame.credits) this.#runner.grant(id, bytes);
    for (const id of frame.cancelIds) this.#cancel(id);
    for (const functionId of frame.idleFunctionIds) this.#options.endIdle(functionId);
    for (const { functionId, instances } of frame.warm) this.#options.keepWarm(functionId, instances);
    if (frame.drain) this.#drain();
    // A worker that is told to stop a call and lives says so: silence would be taken for a blocked loop.
    if (frame.cancelIds.length > 0) this.#heartbeat();
    if (!this.#working) this.#work();
  }

  #work(): void {
    const { clock } = this.#options;
    this.#working = true;
    const startMs = clock.nowMs();
    for (let next = this.#inbox.shift(); next; next = this.#inbox.shift()) {
      this.#runner.run(next.job, next.arrivedMs);
      if (this.#inbox.length > 0 && clock.nowMs() - startMs > sliceMs) {
        this.#results.flushNow();
        setImmediate(() => this.#work());
        return;
      }
    }
    this.#working = false;
    this.#results.flushNow();
  }

  /** A job that still waits here has not begun: it is dropped and answered as cancelled by running it out of time. */
  #cancel(jobId: number): void {
    const waiting = this.#inbox.find((entry) => entry.job.id === jobId);
    if (waiting) waiting.job.budgetMs = 0;
    else this.#runner.cancel(jobId);
    this.#parts.drop(jobId);
  }

  #answer(result: JobResult): void {
    if (this.#parts.has(result.id)) this.#parts.after(result.id, () => this.#results.push(result));
    else this.#results.push(result);
  }

  /** What a result says comes from the function. One that cannot travel costs its own call the answer, and nobody else. */
  #send(results: readonly JobResult[]): void {
    try {
      this.#link?.send(AttachRequest.create({ results: [...results] }));
    } catch (cause) {
      const [first, ...others] = results;
      if (first && others.length === 0) this.#sendFailure(first.id, RelaisError.from(cause));
      else for (const result of results) this.#send([result]);
    }
  }

  #sendFailure(id: number, error: RelaisError): void {
    this.#options.logger.error({ jobId: id, error: error.fields.cause }, 'the result of a job cannot travel');
    const value = toDetail(error.with({ component: 'worker' }));
    const result = JobResult.create({ id, workerId: this.#options.workerId, outcome: { $case: 'failure', value } });
    this.#link?.send(AttachRequest.create({ results: [result] }));
  }

  #lost(link: Link<AttachRequest, AttachResponse>): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#inbox.length = 0;
    this.#runner.cancelAll();
    this.#parts.use(undefined);
    this.#frames.use(undefined);
    if (this.#state === 'stopped') return;
    if (this.#state === 'draining') {
      this.#onDrained?.();
      return;
    }
    this.#state = 'detached';
    this.#options.logger.info({}, 'lost the balancer, dialling again');
    void this.#attach();
  }

  #heartbeat(): void {
    const oldestJobMs = Math.round(this.#runner.oldestMs());
    const heartbeat = { running: this.#runner.runningCount, oldestJobMs };
    this.#link?.send(AttachRequest.create({ heartbeat }));
  }

  /** The balancer sends nothing more: either it asked this worker to go, or it heard that this worker goes. */
  #drain(): void {
    this.#nothingMore = true;
    if (this.#state !== 'attached') return;
    this.#state = 'draining';
    void this.#until(() => this.#idle(), Number.POSITIVE_INFINITY).then(() => this.#onDrained?.());
  }

  #idle(): boolean {
    const isDone = this.#inbox.length === 0 && this.#runner.runningCount === 0;
    return isDone && this.#parts.size === 0 && this.#frames.isEmpty;
  }

  /** Resolves when the condition holds or the time is over. */
  #until(condition: () => boolean, waitMs: number): Promise<void> {
    const { clock } = this.#options;
    const endMs = clock.nowMs() + waitMs;
    return new Promise((resolve) => {
      const check = () => {
        if (condition() || clock.nowMs() >= endMs) resolve();
        else clock.after(drainPollMs, check);
      };
      check();
    });
  }
}
