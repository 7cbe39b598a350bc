/** What decides whether a worker has room. */
export interface WorkerLoad {
  /** Jobs it may have at once. */
  readonly slots: number;
  /** Jobs it has. */
  readonly jobCount: number;
  /** Those that are calls; a build runs beside them. */
  readonly callCount: number;
  /** Runs its calls one after the other. */
  readonly inline: boolean;
  /** Estimated run time of its calls, milliseconds. */
  readonly outstandingMs: number;
  /** When it last gave a result, or got its first call after being idle, monotonic milliseconds. */
  readonly progressMs: number;
}

/**
 * Whether a worker has room for a job. By credit alone if it runs calls side by side. If it runs them one after the other
 * nothing may wait long behind another job: it must have no call outstanding, or what is outstanding and this job together
 * stay within workAheadMs. An estimate can be wrong: a worker that has given no result for longer than its estimate has at
 * least that much work ahead.
 */
export function fits(worker: WorkerLoad, estimateMs: number, nowMs: number, workAheadMs: number): boolean {
  if (worker.jobCount >= worker.slots) return false;
  if (!worker.inline || worker.callCount === 0) return true;
  const aheadMs = Math.max(worker.outstandingMs, nowMs - worker.progressMs);
  return aheadMs + estimateMs <= workAheadMs;
}
