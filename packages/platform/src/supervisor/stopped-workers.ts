import { isStopped } from '@relais/kit';

interface Processes {
  readonly pids: readonly number[];
}

/** Finds workers that a signal has stopped, looked at now and then: stopped in two looks in a row, for it may be for a moment only. */
export class StoppedWorkers<Worker extends Processes> {
  #before: ReadonlySet<Worker> = new Set();

  look(workers: readonly Worker[]): Worker[] {
    const now = workers.filter(({ pids }) => pids.some(isStopped));
    const before = this.#before;
    this.#before = new Set(now);
    return now.filter((worker) => before.has(worker));
  }
}
