import { availableParallelism, cpus } from 'node:os';

/** Time of all processors since their start, in any unit. */
export interface ProcessorTimes {
  readonly idle: number;
  readonly all: number;
}

/**
 * With hardly any time left over one more worker only takes it from another, until there is enough again: shares of all of it,
 * or of one processor where that is more. A JavaScript function called by 10 to 2,000 clients leaves 0.2 to 0.46 of one where
 * there are two; one that waits leaves most.
 */
const leftOver = { hardlyAny: { ofAll: 0.1, ofOne: 0.5 }, enough: { ofAll: 0.2, ofOne: 0.8 } };
/** So many looks in a row must agree. */
const looksMin = 2;

/** Whether the processors of this machine have any time left, looked at now and then. */
export class ProcessorTime {
  saturated = false;
  readonly #read: () => ProcessorTimes;
  readonly #processors: number;
  #last: ProcessorTimes;
  #otherwise = 0;

  constructor(read: () => ProcessorTimes = timesOfAll, processors: number = availableParallelism()) {
    this.#read = read;
    this.#processors = processors;
    this.#last = read();
  }

  /** How it was since the last look; true when `saturated` has changed. */
  look(): boolean {
    const now = this.#read();
    const idleShare = (now.idle - this.#last.idle) / Math.max(1, now.all - this.#last.all);
    this.#last = now;
    this.#otherwise = this.#isSaturatedWith(idleShare) === this.saturated ? 0 : this.#otherwise + 1;
    if (this.#otherwise < looksMin) return false;
    this.#otherwise = 0;
    this.saturated = !this.saturated;
    return true;
  }

  #isSaturatedWith(idleShare: number): boolean {
    const { ofAll, ofOne } = this.saturated ? leftOver.enough : leftOver.hardlyAny;
    return idleShare < Math.max(ofAll, ofOne / this.#processors);
  }
}

function timesOfAll(): ProcessorTimes {
  const times = cpus().map((processor) => processor.times);
  return {
    idle: times.reduce((sum, { idle }) => sum + idle, 0),
    all: times.reduce((sum, { idle, irq, nice, sys, user }) => sum + idle + irq + nice + sys + user, 0),
  };
}
