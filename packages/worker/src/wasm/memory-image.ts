import type { Zero } from './zeroing.js';

/** A multiple of what is zeroed in one step. */
const pieceBytes = 4096;
const zeros = Buffer.alloc(pieceBytes);

interface Range {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * What a module's memory holds right after instantiation: only the pieces that are not zero are kept. Restoring deals with
 * every byte: the kept pieces are copied, everything between them is zeroed.
 */
export class MemoryImage {
  readonly #ranges: readonly Range[];

  /** Takes the image of a memory that no call has touched. */
  constructor(memory: Uint8Array) {
    this.#ranges = nonZeroRanges(Buffer.from(memory.buffer, memory.byteOffset, memory.length));
  }

  /** Bytes the image itself holds. */
  get keptBytes(): number {
    return this.#ranges.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Puts a memory of the same size back; `zero` is of that memory. */
  restore(memory: Uint8Array, zero: Zero): void {
    let at = 0;
    for (const { offset, bytes } of this.#ranges) {
      if (offset > at) zero(at, offset);
      memory.set(bytes, offset);
      at = offset + bytes.length;
    }
    if (at < memory.length) zero(at, memory.length);
  }
}

/** Runs of pieces that are not all zero, copied. */
function nonZeroRanges(memory: Buffer): Range[] {
  const ranges: Range[] = [];
  let runStart = -1;
  for (let at = 0; at <= memory.length; at += pieceBytes) {
    const isZero = at === memory.length || memory.compare(zeros, 0, pieceBytes, at, at + pieceBytes) === 0;
    if (!isZero && runStart < 0) runStart = at;
    if (!isZero || runStart < 0) continue;
    ranges.push({ offset: runStart, bytes: Uint8Array.from(memory.subarray(runStart, at)) });
    runStart = -1;
  }
  return ranges;
}
