/** A call that ran no longer gains nothing by going out while it runs. */
const quickMs = 20;

/**
 * Remembers which WASM functions are quick. A call whose output goes out while it runs needs a thread, a quick one is
 * cheaper without and looks the same; one that is not known, or was slow last time, is let stream.
 */
export class RunTimes {
  readonly #functionsMax: number;
  /** Ids of versions whose last call was quick, longest unheard of first. */
  readonly #quick = new Set<string>();

  /** @param functionsMax versions remembered; beyond it the one not heard of for longest is forgotten. */
  constructor(functionsMax: number) {
    this.#functionsMax = functionsMax;
  }

  isQuick(functionId: string): boolean {
    return this.#quick.has(functionId);
  }

  /** A call has ended after running this long. */
  observe(functionId: string, runMs: number): void {
    this.#quick.delete(functionId);
    if (runMs > quickMs) return;
    const [oldest] = this.#quick;
    if (this.#quick.size >= this.#functionsMax && oldest !== undefined) this.#quick.delete(oldest);
    this.#quick.add(functionId);
  }

  /** A call has failed, and may have been stopped. */
  forget(functionId: string): void {
    this.#quick.delete(functionId);
  }
}
