import type { Strategy } from './strategy.js';

/** Round robin: the next worker, in attach order, after the one that was chosen last. */
export const rr: Strategy<{ lastOrder: number }> = {
  name: 'rr',
  initialState: () => ({ lastOrder: -1 }),
  pick(candidates, state) {
    const later = candidates.findIndex((candidate) => candidate.attachOrder > state.lastOrder);
    const index = Math.max(0, later);
    const chosen = candidates[index];
    if (!chosen) return undefined;
    state.lastOrder = chosen.attachOrder;
    return index;
  },
};
