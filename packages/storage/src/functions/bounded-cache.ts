export interface CacheBounds {
  readonly entriesMax: number;
  readonly bytesMax: number;
}

interface Held<Value> {
  readonly value: Value;
  readonly bytes: number;
}

/** Keeps what was used last within a count and a sum of bytes; the least recently used goes first. */
export class BoundedCache<Value> {
  readonly #bounds: CacheBounds;
  // In order of use, least recent first.
  readonly #held = new Map<string, Held<Value>>();
  #bytes = 0;

  constructor(bounds: CacheBounds) {
    this.#bounds = bounds;
  }

  get(key: string): Value | undefined {
    const held = this.#held.get(key);
    if (!held) return undefined;
    this.#held.delete(key);
    this.#held.set(key, held);
    return held.value;
  }

  /** A value larger than all the room is not kept. */
  set(key: string, value: Value, bytes: number): void {
    this.delete(key);
    this.#held.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= this.#bounds.entriesMax && this.#bytes <= this.#bounds.bytesMax) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const held = this.#held.get(key);
    if (!held) return;
    this.#held.delete(key);
    this.#bytes -= held.bytes;
  }

  clear(): void {
    this.#held.clear();
    this.#bytes = 0;
  }
}
