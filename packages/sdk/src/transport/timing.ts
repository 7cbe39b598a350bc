/** Time and chance as the client sees them; tests bring their own. */
export interface Timing {
  /** Monotonic, milliseconds. */
  nowMs(): number;
  /** Resolves after a time, or at once when the signal fires. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
  /** In [0, 1). */
  random(): number;
}

export const realTiming: Timing = {
  nowMs: () => performance.now(),
  random: () => Math.random(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done);
      if (signal?.aborted) done();
    }),
};
