import type { FunctionState } from '../functions/function-state.js';
import type { HostKind } from '../workers/supervisors.js';
import type { WorkerSession } from '../workers/worker-session.js';

/** What is asked of a group of workers now. */
export interface GroupDemand {
  /** In workers for those that run calls one after the other, else in calls. */
  readonly now: number;
  /** Workers that have calls. */
  readonly busyWorkers: number;
}

/** Whether workers of a kind would do what a function needs: as one of them says, or as their supervisor while there is none. */
export function serves(kind: HostKind, [worker]: readonly WorkerSession[], { isBuild, pool }: FunctionState): boolean {
  if (!worker) return (isBuild ? kind.builds : kind.runs).includes(pool.lang);
  return worker.languages.some(({ lang, builds, runs }) => lang === pool.lang && (isBuild ? builds : runs));
}

/**
 * How many workers that run calls one after the other are needed: those that are stalled, and one for the rest. One more
 * than there are only while calls wait that no worker is free for.
 */
export function inlineDemand(
  stalled: number,
  usual: number,
  instances: number,
  attached: number,
  callsWait: boolean,
): number {
  if (callsWait) return attached + 1;
  return Math.min(instances, stalled + (stalled > 0 && stalled >= usual ? 1 : 0));
}

/**
 * Calls that run on these workers or wait for workers like them. Builds wait for one another, and count as one call. While
 * none of them is attached one is enough: what waits for it says little of what it will have to do.
 */
export function processDemand(
  attached: readonly WorkerSession[],
  waiting: readonly FunctionState[],
  { slots }: HostKind,
): number {
  const queued = waiting.filter(({ isBuild }) => !isBuild).reduce((sum, { queue }) => sum + queue.size, 0);
  const calls = queued + attached.reduce((sum, { callCount }) => sum + callCount, 0);
  const isBuilding = waiting.some(({ isBuild }) => isBuild) || attached.some((each) => each.jobCount > each.callCount);
  const demand = Math.max(calls, isBuilding ? 1 : 0);
  return attached.length === 0 ? Math.min(demand, slots / 2) : demand;
}
