export interface RootSamplerOptions {
  /** Share of new traces that are sampled, 0 to 1. */
  readonly sampleRatio: number;
  /** New traces sampled per second; what is beyond is not. Up to one second's worth may come at once. */
  readonly tracesPerSecondMax: number;
  /** 0 to 1. */
  readonly random: () => number;
}

/** Decides which of the traces that begin here are kept: a share of them, and not more than so many each second. */
export class RootSampler {
  readonly #options: RootSamplerOptions;
  #tokens: number;
  #filledMs = Number.NEGATIVE_INFINITY;

  constructor(options: RootSamplerOptions) {
    this.#options = options;
    this.#tokens = options.tracesPerSecondMax;
  }

  /** `nowMs` is monotonic. */
  sample(nowMs: number): boolean {
    const { random, sampleRatio, tracesPerSecondMax } = this.#options;
    if (sampleRatio <= 0 || (sampleRatio < 1 && random() >= sampleRatio)) return false;
    if (nowMs > this.#filledMs) {
      const earned = ((nowMs - this.#filledMs) / 1000) * tracesPerSecondMax;
      this.#tokens = Math.min(tracesPerSecondMax, this.#tokens + earned);
      this.#filledMs = nowMs;
    }
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
