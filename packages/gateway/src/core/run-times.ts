/** A call that ran no longer gains nothing by going out while it runs. */
const quickMs = 20;
/** A trial that took no longer, with the start of its thread, tells nothing against the function. */
const trialMs = 250;

/**
 * Remembers which WASM functions are quick. A call whose output goes out while it runs needs a thread, a quick one is cheaper
 * without and looks the same. One that is not known is tried with one call that streams; the others of that moment do not, or a
 * burst on a new function would start a thread for each, under which none of them is quick.
 */
export class RunTimes {
  readonly #functionsMax: number;
  /** Ids of versions whose last call was quick, longest unheard of first. */
  readonly #quick = new Set<string>();
  /** When the trial of a version began that is not known to be quick, monotonic milliseconds; oldest first. */
  readonly #trials = new Map<string, number>();

  /** @param functionsMax versions remembered of either kind; beyond it the one not heard of for longest is forgotten. */
  constructor(functionsMax: number) {
    this.#functionsMax = functionsMax;
  }

  /** Whether the output of a call that begins now should go out while it runs. */
  letsStream(functionId: string, nowMs: number): boolean {
    if (this.#quick.has(functionId)) return false;
    const triedMs = this.#trials.get(functionId);
    if (triedMs !== undefined) return nowMs - triedMs >= trialMs;
    const [oldest] = this.#trials.keys();
    if (this.#trials.size >= this.#functionsMax && oldest !== undefined) this.#trials.delete(oldest);
    this.#trials.set(functionId, nowMs);
    return true;
  }

  /** A call has ended after running this long. */
  observe(functionId: string, runMs: number): void {
    this.#quick.delete(functionId);
    if (runMs > quickMs) return;
    this.#trials.delete(functionId);
    const [oldest] = this.#quick;
    if (this.#quick.size >= this.#functionsMax && oldest !== undefined) this.#quick.delete(oldest);
    this.#quick.add(functionId);
  }

  /** A call has failed, and may have been stopped. */
  forget(functionId: string): void {
    this.#quick.delete(functionId);
  }
}
