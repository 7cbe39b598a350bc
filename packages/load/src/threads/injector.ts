import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Phase, Plan } from '../plan/plan.js';
import type { PhaseReport, SecondReport } from '../run/recorder.js';
import type { ThreadMessage, ThreadTask } from './messages.js';

/** What all threads saw of one phase. */
export interface PhaseRun {
  readonly phase: Phase;
  readonly threads: readonly PhaseReport[];
  readonly seconds: readonly SecondReport[];
}

/** Runs a plan: its phases one after the other, each by all threads at once. Rejects when a thread breaks. */
export async function inject(plan: Plan, onSecond: (phase: number, report: SecondReport) => void): Promise<PhaseRun[]> {
  const injector = await Injector.start(plan);
  try {
    const runs: PhaseRun[] = [];
    for (const index of plan.phases.keys()) runs.push(await injector.run(index, (report) => onSecond(index, report)));
    return runs;
  } finally {
    await injector.stop();
  }
}

/**
 * The threads of a plan, for phases in any order and as often as is wanted: a thread that has sent calls before sends them
 * with less of the processors, which are also those of what it measures.
 */
export class Injector {
  readonly #phases: readonly Phase[];
  readonly #threads: readonly InjectorThread[];

  private constructor(plan: Plan) {
    const shares = threadCount(plan);
    this.#phases = plan.phases;
    this.#threads = Array.from({ length: shares }, (_, share) => new InjectorThread({ plan, share, shares }));
  }

  /** Resolves when every thread can begin at once. */
  static async start(plan: Plan): Promise<Injector> {
    const injector = new Injector(plan);
    try {
      await Promise.all(injector.#threads.map((thread) => thread.ready));
      return injector;
    } catch (error) {
      await injector.stop();
      throw error;
    }
  }

  /** The phase with this index in the plan, by all threads at once; one at a time. Rejects when a thread breaks. */
  async run(index: number, onSecond: (report: SecondReport) => void = () => {}): Promise<PhaseRun> {
    const phase = this.#phases[index];
    if (!phase) throw new RangeError(`the plan has no phase ${index}`);
    const seconds: SecondReport[] = [];
    const reports = this.#threads.map((thread) =>
      thread.run(index, (report) => {
        seconds.push(report);
        onSecond(report);
      }),
    );
    return { phase, threads: await Promise.all(reports), seconds };
  }

  /** Ends the threads and their connections. */
  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }
}

/** No thread without a client in any closed phase. */
function threadCount({ phases, threads }: Plan): number {
  const clients = phases.map((phase) => (phase.loop === 'closed' ? phase.clients : Number.POSITIVE_INFINITY));
  return Math.max(1, Math.min(threads || availableParallelism(), ...clients));
}

class InjectorThread {
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #broken: Promise<never>;
  #onMessage: (message: ThreadMessage) => void = () => {};

  constructor(task: ThreadTask) {
    this.#worker = new Worker(new URL('./thread-main.js', import.meta.url), { workerData: task });
    this.#broken = new Promise((_, reject) => {
      this.#worker.once('error', reject);
      this.#worker.once('exit', (code) => reject(new Error(`an injector thread ended with code ${code}`)));
    });
    // Heard of by whoever waits for something of the thread.
    this.#broken.catch(() => {});
    this.#worker.on('message', (message: ThreadMessage) => this.#onMessage(message));
    this.ready = this.#until((message) => (message.type === 'ready' ? true : undefined)).then(() => {});
  }

  run(phase: number, onSecond: (report: SecondReport) => void): Promise<PhaseReport> {
    const done = this.#until((message) => {
      if (message.type === 'second') onSecond(message.report);
      return message.type === 'done' ? message.report : undefined;
    });
    this.#worker.postMessage({ phase });
    return done;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #until<Result>(take: (message: ThreadMessage) => Result | undefined): Promise<Result> {
    const found = new Promise<Result>((resolve) => {
      this.#onMessage = (message) => {
        const result = take(message);
        if (result !== undefined) resolve(result);
      };
    });
    return Promise.race([found, this.#broken]);
  }
}
