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
  const shares = threadCount(plan);
  const threads = Array.from({ length: shares }, (_, share) => new InjectorThread({ plan, share, shares }));
  try {
    await Promise.all(threads.map((thread) => thread.ready));
    const runs: PhaseRun[] = [];
    for (const [index, phase] of plan.phases.entries()) {
      const seconds: SecondReport[] = [];
      const reports = threads.map((thread) =>
        thread.run(index, (report) => {
          seconds.push(report);
          onSecond(index, report);
        }),
      );
      runs.push({ phase, threads: await Promise.all(reports), seconds });
    }
    return runs;
  } finally {
    await Promise.all(threads.map((thread) => thread.stop()));
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
