import type { Strategy } from './strategy.js';

/** The worker with the least estimated work outstanding, for what it can run at once. */
export const least: Strategy<undefined> = {
  name: 'least',
  initialState: () => undefined,
  pick: (room) => room.leastLoaded(),
};
