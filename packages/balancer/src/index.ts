/** The balancer role: takes jobs, finds workers for them, and answers every job exactly once. */
export { Balancer, type BalancerOptions } from './balancer.js';
export { type BalancerBounds, defaultBalancerBounds } from './bounds.js';
export { pickerOf, strategyNames } from './strategies/catalog.js';
export type { Picker } from './strategies/strategy.js';
export type { Seat, Standing } from './workers/line-up.js';
export { placeOf } from './workers/place.js';
export { PoolRoom } from './workers/pool-room.js';
