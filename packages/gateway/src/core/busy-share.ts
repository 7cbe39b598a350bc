import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Clock } from '@relais/kit';

const windowMs = 250;

/** What there has been so far of time, and how much of it was used, milliseconds. */
export interface Use {
  readonly usedMs: number;
  readonly allMs: number;
}

/**
 * A gauge of what has least to spare, 0 to 1: how much of it was used since a quarter of a second ago. This process's event loop
 * and the machine's processors, unless others are given.
 */
export function busyShare(clock: Clock, uses: readonly (() => Use)[] = [loopUse, processorUse]): () => number {
  const shares = uses.map((read) => recentShare(clock, read));
  return () => Math.max(...shares.map((share) => share()));
}

function recentShare(clock: Clock, read: () => Use): () => number {
  let since = read();
  let sinceMs = clock.nowMs();
  let share = 0;
  return () => {
    const nowMs = clock.nowMs();
    if (nowMs - sinceMs < windowMs) return share;
    const now = read();
    const allMs = now.allMs - since.allMs;
    if (allMs > 0) share = (now.usedMs - since.usedMs) / allMs;
    since = now;
    sinceMs = nowMs;
    return share;
  };
}

/** Of the event loop of this process. */
export function loopUse(): Use {
  const { active, idle } = performance.eventLoopUtilization();
  return { usedMs: active, allMs: active + idle };
}

/** Of all processors of the machine, by whomever. */
export function processorUse(): Use {
  let allMs = 0;
  let idleMs = 0;
  for (const { times } of cpus()) {
    allMs += times.user + times.nice + times.sys + times.irq + times.idle;
    idleMs += times.idle;
  }
  return { usedMs: allMs - idleMs, allMs };
}
