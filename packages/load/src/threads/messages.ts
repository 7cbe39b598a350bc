import type { Plan } from '../plan/plan.js';
import type { PhaseReport, SecondReport } from '../run/recorder.js';

/** What a thread is born with. */
export interface ThreadTask {
  readonly plan: Plan;
  readonly share: number;
  readonly shares: number;
}

/** To a thread: begin this phase now. */
export interface BeginPhase {
  readonly phase: number;
}

/** From a thread. */
export type ThreadMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'second'; readonly report: SecondReport }
  | { readonly type: 'done'; readonly report: PhaseReport };
