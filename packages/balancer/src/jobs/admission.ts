import type { Job } from '@relais/contracts';
import type { RelaisError } from '@relais/kit';
import type { BalancerBounds } from '../bounds.js';
import type { DrainRate } from '../functions/drain-rate.js';
import type { FunctionState } from '../functions/function-state.js';
import { queueFull } from './failures.js';

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

/** Why one more job of this function may not wait here; undefined when it may. */
export function refusalOf(
  fn: FunctionState,
  payloadBytes: number,
  admitted: Admitted,
  drainRate: DrainRate,
  bounds: BalancerBounds,
  nowMs: number,
): RelaisError | undefined {
  const { jobsMax, payloadBytesMax, queueLengthMax } = bounds;
  const waiting = fn.queue.size;
  if (waiting >= queueLengthMax) {
    return queueFull(fn, 'queueLengthMax', queueLengthMax, waiting, fn.drainRate.timeToDrainMs(waiting, nowMs));
  }
  const { jobCount } = admitted;
  const bytes = admitted.payloadBytes + payloadBytes;
  if (jobCount < jobsMax && bytes <= payloadBytesMax) return undefined;
  const retryAfterMs = drainRate.timeToDrainMs(jobCount, nowMs);
  if (jobCount >= jobsMax) return queueFull(fn, 'jobsMax', jobsMax, jobCount, retryAfterMs);
  return queueFull(fn, 'payloadBytesMax', payloadBytesMax, bytes, retryAfterMs);
}
