import type { Strategy } from './strategy.js';

/** A worker may be loaded this many times as much as the average before a function leaves it. */
const imbalanceMax = 2;
/** So little outstanding work is no reason to leave a warm worker, whatever the average. */
const loadAlwaysMs = 10;

/**
 * Warm first, by consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2016): a function goes to the first
 * worker on the ring from its own place on that is not loaded above the bound, so it meets few workers, the same ones
 * again, and what attaches or leaves moves only its neighbours' functions. When all are above it, to the least loaded.
 */
export const affinity: Strategy<undefined> = {
  name: 'affinity',
  initialState: () => undefined,
  pick(room, fn) {
    const loadMsMax = Math.max(loadAlwaysMs, imbalanceMax * room.averageLoadMs());
    return room.onRing(fn.place, loadMsMax) ?? room.leastLoaded();
  },
};
