/** A worker that has room for the job at hand, as a strategy sees it. */
export interface Candidate {
  readonly id: string;
  /** Grows with every attach; candidates come ordered by it. */
  readonly attachOrder: number;
  /** Jobs it may have at once. */
  readonly slots: number;
  /** Jobs it has now; below slots. */
  readonly jobCount: number;
  /** Estimated run time of the calls it has, milliseconds. */
  readonly outstandingMs: number;
}

/**
 * Chooses among the workers that can do a job and have room for it. Decisions depend on nothing but the arguments, so a
 * simulator can make them too. A folder entry beside this file per strategy; the catalog lists them; every one passes the
 * conformance suite.
 */
export interface Strategy<State> {
  /** Lower-case name of the contract. */
  readonly name: string;
  /** What it remembers from pick to pick, at the start. */
  initialState(): State;
  /** Index of the chosen candidate; undefined only when there is none. May change the state. random gives 0 to 1. */
  pick(candidates: readonly Candidate[], state: State, random: () => number): number | undefined;
}

/** A strategy at work: with its state. */
export interface Picker {
  readonly name: string;
  pick(candidates: readonly Candidate[], random: () => number): number | undefined;
}

/** Gives a strategy a fresh state. */
export function startPicker<State>(strategy: Strategy<State>): Picker {
  const state = strategy.initialState();
  return { name: strategy.name, pick: (candidates, random) => strategy.pick(candidates, state, random) };
}
