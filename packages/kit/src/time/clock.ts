/** Time as the code sees it; tests inject their own. */
export interface Clock {
  /** Monotonic, milliseconds with fraction, comparable between processes of one host. Never jumps. */
  nowMs(): number;
  /** Wall clock, milliseconds since the epoch. For records and people only. */
  wallMs(): number;
  /** Calls back every periodMs until the returned function is called. Does not keep the process alive. */
  every(periodMs: number, tick: () => void): () => void;
  /** Calls back once after delayMs unless the returned function is called first. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

// performance.now() counts from process start and is cheaper than hrtime; the origin makes processes comparable.
const monotonicOriginMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now() + monotonicOriginMs,
  wallMs: () => Date.now(),
  every(periodMs, tick) {
    const timer = setInterval(tick, periodMs);
    timer.unref();
    return () => clearInterval(timer);
  },
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
