/** Something that holds a module's memory and can let go of it between calls. */
export interface MemoryHolder {
  /** Drops the instance; the next call makes a new one. */
  release(): void;
}

/**
 * Bounds the memories that are alive at once: one process can address only some sixteen thousand. At the bound the one
 * that was used longest ago is let go.
 */
export class LiveMemories {
  readonly #max: number;
  readonly #holders = new Set<MemoryHolder>();

  constructor(max: number) {
    this.#max = max;
  }

  get count(): number {
    return this.#holders.size;
  }

  /** Marks a holder as used now, making room for it if it is new. */
  use(holder: MemoryHolder): void {
    if (!this.#holders.delete(holder) && this.#holders.size >= this.#max) this.#releaseOldest();
    this.#holders.add(holder);
  }

  /** The holder has let go by itself. */
  forget(holder: MemoryHolder): void {
    this.#holders.delete(holder);
  }

  /** Lets go of every memory. */
  releaseAll(): void {
    for (const holder of [...this.#holders]) holder.release();
    this.#holders.clear();
  }

  #releaseOldest(): void {
    const [oldest] = this.#holders;
    if (!oldest) return;
    this.#holders.delete(oldest);
    oldest.release();
  }
}
