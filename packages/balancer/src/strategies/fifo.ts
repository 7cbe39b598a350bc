import type { Strategy } from './strategy.js';

/**
 * The worker that attached first takes the job, up to its credit; the next is woken only then. Tiny jobs then travel in
 * full frames to a warm worker: measured faster than spreading them.
 */
export const fifo: Strategy<undefined> = {
  name: 'fifo',
  initialState: () => undefined,
  pick: (room) => room.firstAfter(-1),
};
