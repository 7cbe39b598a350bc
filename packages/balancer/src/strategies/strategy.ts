/** A worker that has room for the job at hand, as a strategy sees it. */
export interface Candidate {
  readonly id: string;
  /** Grows with every attach. */
  readonly attachOrder: number;
}

/** What a strategy may know of the function whose job is at hand. */
export interface Placed {
  /** Where on the ring it is at home, 0 to 1; the same in every process. */
  readonly place: number;
}

/**
 * The workers that can do the job at hand, as they are now. Every answer is a worker with room for that job, or undefined
 * when none has room. No question costs more than O(log workers).
 */
export interface Room<Worker extends Candidate = Candidate> {
  /** The first in attach order after the given one; -1 asks for the first of all. */
  firstAfter(attachOrder: number): Worker | undefined;
  /** The one with the least estimated work outstanding for what it can run at once; the first of equals. */
  leastLoaded(): Worker | undefined;
  /**
   * The one that holds a share, 0 to 1, when all with room stand in attach order, each as broad as its weight: what was
   * declared for it × its free credit × how fast it has been of late.
   */
  atShare(share: number): Worker | undefined;
  /** Where its load is at most loadMsMax: the first on the ring from a place on, 0 to 1, once around. */
  onRing(place: number, loadMsMax: number): Worker | undefined;
  /** Estimated work outstanding on all, with room or not, for each call they can run at once; milliseconds. */
  averageLoadMs(): number;
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
  /** The chosen worker; undefined only when none has room. May change the state. */
  pick<Worker extends Candidate>(room: Room<Worker>, fn: Placed, state: State): Worker | undefined;
}

/** A strategy at work: with its state. */
export interface Picker {
  readonly name: string;
  pick<Worker extends Candidate>(room: Room<Worker>, fn: Placed): Worker | undefined;
}

/** Gives a strategy a fresh state. */
export function startPicker<State>(strategy: Strategy<State>): Picker {
  const state = strategy.initialState();
  return { name: strategy.name, pick: (room, fn) => strategy.pick(room, fn, state) };
}
