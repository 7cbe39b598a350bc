import type { FunctionState } from './function-state.js';

/**
 * Whose turn it is: the functions that have a job waiting and may run it, in a ring. One job per turn; a flood on one
 * function costs another no more than one job. All operations are O(1).
 */
export class Turns {
  #current: FunctionState | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(fn: FunctionState): boolean {
    return fn.nextTurn !== undefined;
  }

  /** Its turn comes after everyone else's. Does nothing if it is in. */
  add(fn: FunctionState): void {
    if (fn.nextTurn) return;
    const first = this.#current ?? fn;
    const last = first.previousTurn ?? fn;
    fn.nextTurn = first;
    fn.previousTurn = last;
    last.nextTurn = fn;
    first.previousTurn = fn;
    this.#current = first;
    this.#size++;
  }

  /** Does nothing if it is not in. */
  remove(fn: FunctionState): void {
    const { nextTurn, previousTurn } = fn;
    if (!nextTurn || !previousTurn) return;
    previousTurn.nextTurn = nextTurn;
    nextTurn.previousTurn = previousTurn;
    if (this.#current === fn) this.#current = nextTurn === fn ? undefined : nextTurn;
    fn.nextTurn = undefined;
    fn.previousTurn = undefined;
    this.#size--;
  }

  /** All of them as of now, in turn. */
  all(): FunctionState[] {
    const functions: FunctionState[] = [];
    for (let fn = this.#current; fn && functions.length < this.#size; fn = fn.nextTurn) functions.push(fn);
    return functions;
  }

  /** It is the turn of this function, which is in. */
  giveBack(fn: FunctionState): void {
    this.#current = fn;
  }

  /** The function whose turn it is; the turn passes on. */
  take(): FunctionState | undefined {
    const fn = this.#current;
    this.#current = fn?.nextTurn;
    return fn;
  }
}
