import type { Strategy } from './strategy.js';

/** Fractional part of the golden ratio. */
const step = (Math.sqrt(5) - 1) / 2;

/**
 * In proportion to weight, which is what was declared for a worker × its free credit × how fast it has been of late, and
 * smoothly: multiples of the golden ratio fall evenly over any division of a line, so each worker's jobs come spread out
 * and after any number of them it has had its share, give or take a few.
 */
export const weighted: Strategy<{ share: number }> = {
  name: 'weighted',
  initialState: () => ({ share: 0 }),
  pick(room, _fn, state) {
    state.share = (state.share + step) % 1;
    return room.atShare(state.share);
  },
};
