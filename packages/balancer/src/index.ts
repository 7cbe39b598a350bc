/** The balancer role: takes jobs, finds workers for them, and answers every job exactly once. */
export { Balancer, type BalancerOptions } from './balancer.js';
export { type BalancerBounds, defaultBalancerBounds } from './bounds.js';
export { strategyNames } from './strategies/catalog.js';
