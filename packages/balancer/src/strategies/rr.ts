import type { Strategy } from './strategy.js';

/** Round robin: the next worker, in attach order, after the one that was chosen last. */
export const rr: Strategy<{ lastOrder: number }> = {
  name: 'rr',
  initialState: () => ({ lastOrder: -1 }),
  pick(room, _fn, state) {
    const chosen = room.firstAfter(state.lastOrder) ?? room.firstAfter(-1);
    if (chosen) state.lastOrder = chosen.attachOrder;
    return chosen;
  },
};
