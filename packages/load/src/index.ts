/** The load injector. */
export { type LoadSurroundings, loadCommand, loadHelp } from './command.js';
export { checkPlan, type Plan, PlanError, type PlanInput } from './plan/plan.js';
export { seededRandom } from './plan/seeded-random.js';
export { type RunSummary, summarise } from './report/summary.js';
export { Injector, inject } from './threads/injector.js';
