import { randomBytes } from 'node:crypto';

export interface TraceStart {
  readonly traceId: string;
  readonly traceparent: string;
  readonly sampled: boolean;
}

const none: TraceStart = { traceId: '', traceparent: '', sampled: false };

/** Begins traces, a share of them sampled. Their ids differ from run to run even with the same seed. */
export class TraceIds {
  readonly #random: () => number;
  readonly #ratio: number;
  readonly #prefix = randomBytes(8).toString('hex');

  /** ratio 0 begins none at all. */
  constructor(ratio: number, random: () => number) {
    this.#ratio = ratio;
    this.#random = random;
  }

  next(): TraceStart {
    if (this.#ratio === 0) return none;
    const sampled = this.#ratio === 1 || this.#random() < this.#ratio;
    // Samplers go by the last bytes of the id, so those are random.
    const tail = this.#word() + this.#word() + this.#word() + this.#word();
    const traceId = this.#prefix + tail;
    // A span id of zeros is invalid.
    return { traceId, traceparent: `00-${traceId}-1${tail.slice(1)}-0${sampled ? 1 : 0}`, sampled };
  }

  #word(): string {
    return Math.floor(this.#random() * 0x10000)
      .toString(16)
      .padStart(4, '0');
  }
}
