import type { ClosedPhase } from '../plan/plan.js';
import type { Caller, Client } from './caller.js';
import type { Recorder } from './recorder.js';

/** This thread's share of a closed phase: each client sends its next call when it has the answer to the last. */
export async function closedLoop(
  phase: ClosedPhase,
  share: number,
  shares: number,
  caller: Caller,
  recorder: Recorder,
): Promise<void> {
  const count = partOf(phase.clients, share, shares);
  const endMs = performance.now() + (phase.seconds ?? Number.POSITIVE_INFINITY) * 1000;
  let left = phase.requests === undefined ? Number.POSITIVE_INFINITY : partOf(phase.requests, share, shares);
  const clients = Array.from({ length: count }, () => caller.client());
  caller.dropKept();
  await Promise.all(clients.map(untilDone));

  function untilDone(client: Client): Promise<void> {
    return new Promise((resolve) => {
      const next = () => {
        const nowMs = performance.now();
        if (left <= 0 || nowMs >= endMs) {
          caller.keep(client);
          resolve();
          return;
        }
        left--;
        caller.call(client, nowMs, recorder, next);
      };
      next();
    });
  }
}

/** The share-th of `shares` parts of a whole that differ by one at most. */
export function partOf(whole: number, share: number, shares: number): number {
  return Math.floor((whole * (share + 1)) / shares) - Math.floor((whole * share) / shares);
}
