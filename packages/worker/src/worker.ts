import type {
  ArtifactServiceService,
  AttachRequest,
  AttachResponse,
  LanguageSupport,
  SandboxState,
} from '@relais/contracts';
import type { Clock, Component, Dial, Logger, MetricRegistry, ServiceOf, SpanCarrier, Tracer } from '@relais/kit';
import { WorkerNode } from './attachment/worker-node.js';
import { FunctionCache } from './functions/function-cache.js';
import { JobRunner } from './jobs/job-runner.js';
import { BegunJournal } from './journal/begun-journal.js';
import type { Runtime } from './runtimes/runtime.js';
import { WorkerFigures } from './worker-figures.js';

export interface WorkerOptions {
  /** Unique in the cluster; chosen by the supervisor. */
  readonly workerId: string;
  readonly host: string;
  /** As the machine knows this process, which may count otherwise itself. */
  readonly pid: number;
  /** What its functions run in, as it is shown. */
  readonly sandbox: SandboxState;
  /** Jobs the balancer may give it at once. */
  readonly slots: number;
  /** Share of the work it should get beside others; above 0. */
  readonly weight: number;
  /** Canonical languages whose calls it offers to take, where the machine allows. */
  readonly runs: readonly string[];
  /** Canonical languages whose builds it offers to take, where the machine allows. */
  readonly builds: readonly string[];
  readonly runtimes: readonly Runtime[];
  readonly dial: Dial<AttachRequest, AttachResponse>;
  readonly artifacts: ServiceOf<typeof ArtifactServiceService>;
  /** Open, writable file that outlives the process in its supervisor's hands. */
  readonly journalFd: number;
  /** Loaded versions kept at once. */
  readonly functionsMax: number;
  /** Memory of loaded versions together. */
  readonly loadedBytesMax: number;
  /** Output of one call that goes out in parts; beyond it the call is aborted. */
  readonly streamBytesMax: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tracer: Tracer;
  /** Makes the spans of the user's code itself. */
  readonly runtimeTracer: Tracer;
  /** Makes the spans that the user's code tells of. */
  readonly userTracer: Tracer;
  /** 0 to 1; spreads reconnecting workers. */
  readonly random: () => number;
  /** Counts here what it does; nobody sees it when absent. */
  readonly metrics?: MetricRegistry;
  /** Gives the spans that go out with results. */
  readonly carrier?: SpanCarrier;
}

/** Calls beside the loop: enough that one that is endless does not keep the next one waiting, and few enough to share a core. */
const apartSlotsMax = 2;

/** A worker: its runtimes, the functions it has ready, and its place in the fleet. */
export class Worker implements Component {
  readonly name = 'worker';
  readonly #options: WorkerOptions;
  readonly #functions: FunctionCache;
  #node: WorkerNode | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#functions = new FunctionCache({ ...options, runtimeOf: (lang) => this.#runtimeOf(lang) });
  }

  /** Looks what its runtimes can do on this machine, then attaches; resolves once the balancer has it. */
  async start(): Promise<void> {
    const options = this.#options;
    const languages = await Promise.all(options.runtimes.map((runtime) => this.#offer(runtime)));
    const journal = new BegunJournal(options.journalFd);
    const figures = new WorkerFigures(options.metrics);
    figures.watch(this.#functions, options.runtimes, () => this.#node?.runningCount ?? 0);
    const inline = options.runtimes.some(({ lang, style }) => style === 'inline' && options.runs.includes(lang));
    this.#node = new WorkerNode({
      ...options,
      languages,
      inline,
      apartSlots: inline ? Math.min(apartSlotsMax, options.slots) : 0,
      endIdle: (functionId) => this.#functions.endIdle(functionId),
      keepWarm: (functionId, instances) => void this.#keepWarm(functionId, instances),
      makeRunner: (answer, handOn) =>
        new JobRunner({
          ...options,
          journal,
          figures,
          answer,
          handOn,
          functions: this.#functions,
          runtimeOf: (lang) => this.#runtimeOf(lang),
        }),
    });
    await this.#node.start();
  }

  /** Resolves when the balancer asked this worker to finish and it has. */
  drained(): Promise<void> {
    return this.#node?.drained() ?? Promise.resolve();
  }

  async stop(graceMs: number): Promise<void> {
    await this.#node?.stop(graceMs);
    await this.#functions.close();
    await Promise.all(this.#options.runtimes.map((runtime) => runtime.close()));
  }

  async #offer(runtime: Runtime): Promise<LanguageSupport> {
    const { builds, runs } = this.#options;
    const support = await runtime.probe();
    return {
      ...support,
      runs: support.runs && runs.includes(runtime.lang),
      builds: support.builds && builds.includes(runtime.lang),
    };
  }

  /** What cannot be made warm is told to the next call. */
  async #keepWarm(functionId: string, instances: number): Promise<void> {
    try {
      await this.#functions.keepWarm(functionId, instances);
    } catch (error) {
      this.#options.logger.debug({ functionId, error: String(error) }, 'could not keep a function warm');
    }
  }

  #runtimeOf(lang: string): Runtime | undefined {
    return this.#options.runtimes.find((runtime) => runtime.lang === lang);
  }
}
