import { cpus } from 'node:os';

/** Time of a processor since its start, in any unit. */
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
  readonly #read: () => readonly ProcessorTimes[];
  #last: readonly ProcessorTimes[];
  #otherwise = 0;

  constructor(read: () => readonly ProcessorTimes[] = timesOfEach) {
    this.#read = read;
    this.#last = read();
  }

  /** How it was since the last look, without the processors that are not to be had; true when `saturated` has changed. */
  look(without: readonly number[] = []): boolean {
    const now = this.#read();
    const usable = [...now.keys()].filter((processor) => !without.includes(processor));
    const [idle, all] = (['idle', 'all'] as const).map((what) =>
      usable.reduce((sum, at) => sum + (now[at]?.[what] ?? 0) - (this.#last[at]?.[what] ?? 0), 0),
    ) as [number, number];
    this.#last = now;
    const saturated = this.#isSaturatedWith(idle / Math.max(1, all), usable.length);
    this.#otherwise = saturated === this.saturated ? 0 : this.#otherwise + 1;
    if (this.#otherwise < looksMin) return false;
    this.#otherwise = 0;
    this.saturated = !this.saturated;
    return true;
  }

  #isSaturatedWith(idleShare: number, processors: number): boolean {
    const { ofAll, ofOne } = this.saturated ? leftOver.enough : leftOver.hardlyAny;
    return idleShare < Math.max(ofAll, ofOne / processors);
  }
}

function timesOfEach(): ProcessorTimes[] {
  return cpus().map(({ times: { idle, irq, nice, sys, user } }) => ({ idle, all: idle + irq + nice + sys + user }));
}
