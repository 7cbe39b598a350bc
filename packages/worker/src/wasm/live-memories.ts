/** Something that holds a module's memory and can let go of it between calls. */
export interface MemoryHolder {
  /** Drops the instance; the next call makes a new one. */
  release(): void;
}

/**
 * Bounds the memories that are alive at once, in number, because one process can address only some sixteen thousand, and
 * in bytes. At either bound those that were used longest ago are let go.
 */
export class LiveMemories {
  readonly #max: number;
  readonly #bytesMax: number;
  /** What each holds, the one used longest ago first. */
  readonly #holders = new Map<MemoryHolder, number>();
  #bytes = 0;

  constructor(max: number, bytesMax: number) {
    this.#max = max;
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#holders.size;
  }

  /** Held by all together, as last told. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Marks a holder as used now, making room for it if it is new. */
  use(holder: MemoryHolder): void {
    const bytes = this.#holders.get(holder);
    if (bytes === undefined && this.#holders.size >= this.#max) this.#releaseOldest();
    this.#holders.delete(holder);
    this.#holders.set(holder, bytes ?? 0);
  }

  /** What a holder keeps until its next call; others make room for it, and beyond the whole bound it must go itself. */
  keep(holder: MemoryHolder, bytes: number): void {
    const before = this.#holders.get(holder);
    if (before === undefined) return;
    this.#holders.set(holder, bytes);
    this.#bytes += bytes - before;
    while (this.#bytes > this.#bytesMax) this.#releaseOldest();
  }

  /** The holder has let go by itself. */
  forget(holder: MemoryHolder): void {
    this.#bytes -= this.#holders.get(holder) ?? 0;
    this.#holders.delete(holder);
  }

  /** Lets go of every memory. */
  releaseAll(): void {
    while (this.#holders.size > 0) this.#releaseOldest();
  }

  #releaseOldest(): void {
    const [oldest] = this.#holders.keys();
    if (!oldest) return;
    this.forget(oldest);
    oldest.release();
  }
}
