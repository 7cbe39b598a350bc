const startBytes = 4096;
const keepBytesMax = 1024 * 1024;

/** Where the output of a call goes. */
export interface CallOutput {
  /** Bytes offered since the last reset, kept or not. */
  readonly offered: number;
  /** Appends; false, and nothing is kept, when the bound would be passed. */
  append(source: Uint8Array, start: number, length: number): boolean;
  /** A copy of what was collected, which the caller owns; empty when it has gone elsewhere. */
  take(): Buffer;
  reset(): void;
}

/** Collects a call's output. Grows geometrically up to a bound and is used again by the next call. */
export class OutputBuffer implements CallOutput {
  readonly #bytesMax: number;
  #bytes = Buffer.allocUnsafeSlow(startBytes);
  #length = 0;
  #offered = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes offered since the last reset, kept or not. */
  get offered(): number {
    return this.#offered;
  }

  /** Appends; false, and nothing is kept, when the bound would be passed. */
  append(source: Uint8Array, start: number, length: number): boolean {
    this.#offered += length;
    const needed = this.#length + length;
    if (needed > this.#bytesMax) return false;
    if (needed > this.#bytes.length) this.#grow(needed);
    copyInto(this.#bytes, this.#length, source, start, length);
    this.#length = needed;
    return true;
  }

  /** A copy of what was collected, which the caller owns. */
  take(): Buffer {
    const copy = Buffer.allocUnsafe(this.#length);
    copyInto(copy, 0, this.#bytes, 0, this.#length);
    return copy;
  }

  text(): string {
    return this.#bytes.toString('utf8', 0, this.#length);
  }

  /** The bytes from `start` on, shared with this buffer until the next append or reset. */
  peek(start: number): Buffer {
    return this.#bytes.subarray(start, this.#length);
  }

  /** Forgets everything; memory of one large output is given back. */
  reset(): void {
    this.#length = 0;
    this.#offered = 0;
    if (this.#bytes.length > keepBytesMax) this.#bytes = Buffer.allocUnsafeSlow(startBytes);
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#bytesMax, Math.max(needed, this.#bytes.length * 2)));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

// A short copy by hand is quicker than making the view that set() wants.
const shortCopyBytes = 64;

function copyInto(target: Uint8Array, at: number, source: Uint8Array, start: number, length: number): void {
  if (length > shortCopyBytes) {
    target.set(source.subarray(start, start + length), at);
    return;
  }
  for (let index = 0; index < length; index += 1) target[at + index] = source[start + index] as number;
}
