import { wholeRecords } from './write-ahead-log.js';

// The fields of LevelDB's version edits: a tag, then so many numbers, then so many texts.
const comparator = 1;
const logNumber = 2;
const nextFile = 3;
const lastSequence = 4;
const compactPointer = 5;
const deletedFile = 6;
const newFile = 7;
const previousLog = 9;
const numbersIn = new Map([
  [comparator, 0],
  [nextFile, 1],
  [lastSequence, 1],
  [compactPointer, 1],
  [deletedFile, 2],
  [newFile, 3],
  [previousLog, 1],
]);
const textsIn = new Map([
  [comparator, 1],
  [compactPointer, 1],
  [newFile, 2],
]);

/**
 * The number of the write-ahead log that a manifest has LevelDB read, as its last whole record about that says; undefined when
 * none does, or when a record cannot be read, which is for LevelDB to find.
 */
export function logNumberOf(manifest: Buffer): number | undefined {
  let found: number | undefined;
  try {
    for (const record of wholeRecords(manifest)) found = new VersionEdit(record).logNumber() ?? found;
  } catch {
    return undefined;
  }
  return found;
}

class VersionEdit {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Throws where it is no version edit. */
  logNumber(): number | undefined {
    let number: number | undefined;
    while (this.#at < this.#bytes.length) {
      const tag = this.#varint();
      if (tag === logNumber) number = this.#varint();
      else this.#skip(tag);
    }
    return number;
  }

  #skip(tag: number): void {
    const numbers = numbersIn.get(tag);
    if (numbers === undefined) throw new Error(`no tag of a version edit: ${tag}`);
    for (let each = 0; each < numbers; each++) this.#varint();
    for (let each = 0; each < (textsIn.get(tag) ?? 0); each++) this.#skipText();
  }

  #skipText(): void {
    const length = this.#varint();
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new Error('a version edit is cut short');
  }

  /** Exact up to 2^53, of which file numbers and sequences are far. */
  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 10; shift++) {
      const byte = this.#bytes.readUInt8(this.#at++);
      value += (byte & 0x7f) * 2 ** (7 * shift);
      if (byte < 0x80) return value;
    }
    throw new Error('a number of a version edit does not end');
  }
}
