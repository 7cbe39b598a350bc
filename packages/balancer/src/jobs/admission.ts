import type { Job } from '@relais/contracts';
import type { RelaisError } from '@relais/kit';
import { type BalancerBounds, longerFactor } from '../bounds.js';
import type { DrainRate } from '../functions/drain-rate.js';
import type { FunctionState } from '../functions/function-state.js';
import { overloaded, queueFull, wouldBeLate } from './failures.js';

/** What is admitted and unanswered now. */
export interface Admitted {
  readonly jobCount: number;
  readonly payloadBytes: number;
}

/** Payload or source of a job, bytes. */
export function payloadBytesOf({ work }: Job): number {
  if (work?.$case === 'invoke') return work.value.payload.length;
  return work?.value.source.length ?? 0;
}

/** What asks to be let in. */
export interface Applicant {
  readonly fn: FunctionState;
  readonly payloadBytes: number;
  /** All the time it has. */
  readonly budgetMs: number;
}

/** Why one more job may not wait here; undefined when it may. */
export function refusalOf(
  applicant: Applicant,
  admitted: Admitted,
  drainRate: DrainRate,
  bounds: BalancerBounds,
  nowMs: number,
): RelaisError | undefined {
  return (
    refusalOfFunction(applicant, bounds, nowMs) ?? refusalOfPlatform(applicant, admitted, drainRate, bounds, nowMs)
  );
}

function refusalOfFunction({ fn, budgetMs }: Applicant, bounds: BalancerBounds, nowMs: number) {
  const { queueLengthMax, queueWaitTargetMs } = bounds;
  const waiting = fn.queue.size;
  if (waiting === 0) return undefined;
  const waitMs = fn.expectedWaitMs(nowMs);
  if (waiting >= queueLengthMax && !mayBeLonger(waiting, waitMs, bounds)) {
    const freeInMs = fn.pool.isSettling(nowMs) ? queueWaitTargetMs : fn.drainRate.timeToDrainMs(waiting, nowMs);
    return queueFull(fn, 'queueLengthMax', queueLengthMax, waiting, fn.askAgainInMs(freeInMs, nowMs));
  }
  const allowed = fn.waitLimit.allowed(fn.running);
  if (waiting >= allowed) {
    const retryAfterMs = fn.askAgainInMs(fn.drainRate.timeToDrainMs(waiting - allowed + 1, nowMs), nowMs);
    return overloaded(fn, queueWaitTargetMs, fn.waitLimit.standingMs, retryAfterMs);
  }
  if (waitMs === undefined) return undefined;
  const lateMs = waitMs + fn.estimateMs - budgetMs;
  if (lateMs <= 0) return undefined;
  const retryAfterMs = fn.askAgainInMs(Math.min(lateMs, waitMs), nowMs);
  return wouldBeLate(fn, budgetMs, waitMs + fn.estimateMs, retryAfterMs);
}

/**
 * Whether a queue may be over its length: where nobody waits for long, and while nothing tells how long, as of a function that has
 * not run yet or whose workers are being replaced, which is no overload.
 */
function mayBeLonger(waiting: number, waitMs: number | undefined, bounds: BalancerBounds): boolean {
  const { queueLengthMax, queueWaitTargetMs } = bounds;
  return waiting < queueLengthMax * longerFactor && (waitMs === undefined || waitMs <= queueWaitTargetMs);
}

function refusalOfPlatform(
  { fn, payloadBytes }: Applicant,
  admitted: Admitted,
  drainRate: DrainRate,
  bounds: BalancerBounds,
  nowMs: number,
): RelaisError | undefined {
  const { jobsMax, payloadBytesMax } = bounds;
  const { jobCount } = admitted;
  const bytes = admitted.payloadBytes + payloadBytes;
  if (jobCount < jobsMax && bytes <= payloadBytesMax) return undefined;
  const retryAfterMs = drainRate.timeToDrainMs(jobCount, nowMs);
  if (jobCount >= jobsMax) return queueFull(fn, 'jobsMax', jobsMax, jobCount, retryAfterMs);
  return queueFull(fn, 'payloadBytesMax', payloadBytesMax, bytes, retryAfterMs);
}
