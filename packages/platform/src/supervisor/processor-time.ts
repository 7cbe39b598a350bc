import { availableParallelism, cpus } from 'node:os';

/** Time of all processors since their start, in any unit. */
export interface ProcessorTimes {
  readonly idle: number;
  readonly all: number;
}

/**
 * Less of the time left over than this, and one more worker only takes it from another: of all, and of one processor. A
 * JavaScript function called by 100 clients leaves 0.16 to 0.32 of one where there are two.
 */
const idleShareMin = { ofAll: 0.1, ofOne: 0.4 };
/** So many looks in a row must agree. */
const looksMin = 2;

/** Whether the processors of this machine have any time left, looked at now and then. */
export class ProcessorTime {
  saturated = false;
  readonly #read: () => ProcessorTimes;
  readonly #idleShareMin: number;
  #last: ProcessorTimes;
  #otherwise = 0;

  constructor(read: () => ProcessorTimes = timesOfAll, processors: number = availableParallelism()) {
    this.#read = read;
    this.#idleShareMin = Math.max(idleShareMin.ofAll, idleShareMin.ofOne / processors);
    this.#last = read();
  }

  /** How it was since the last look; true when `saturated` has changed. */
  look(): boolean {
    const now = this.#read();
    const idleShare = (now.idle - this.#last.idle) / Math.max(1, now.all - this.#last.all);
    this.#last = now;
    this.#otherwise = idleShare < this.#idleShareMin === this.saturated ? 0 : this.#otherwise + 1;
    if (this.#otherwise < looksMin) return false;
    this.#otherwise = 0;
    this.saturated = !this.saturated;
    return true;
  }
}

function timesOfAll(): ProcessorTimes {
  const times = cpus().map((processor) => processor.times);
  return {
    idle: times.reduce((sum, { idle }) => sum + idle, 0),
    all: times.reduce((sum, { idle, irq, nice, sys, user }) => sum + idle + irq + nice + sys + user, 0),
  };
}
