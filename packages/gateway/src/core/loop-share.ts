import { performance } from 'node:perf_hooks';
import type { Clock } from '@relais/kit';

const windowMs = 250;

/** A gauge of how much of the time since a quarter of a second ago this process's event loop was busy, 0 to 1. */
export function loopBusyShare(clock: Clock): () => number {
  let since = performance.eventLoopUtilization();
  let sinceMs = clock.nowMs();
  let share = 0;
  return () => {
    const nowMs = clock.nowMs();
    if (nowMs - sinceMs < windowMs) return share;
    const now = performance.eventLoopUtilization();
    share = performance.eventLoopUtilization(now, since).utilization;
    since = now;
    sinceMs = nowMs;
    return share;
  };
}
