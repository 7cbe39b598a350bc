import { RelaisError } from '@relais/kit';

const nameBytesMax = 1024;

/** Reads a binary from hostile hands: every step is checked, and what is wrong is said with its offset. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  offset: number;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  get atEnd(): boolean {
    return this.offset >= this.end;
  }

  /** Throws invalid_argument reason invalid_wasm, naming the offset. */
  fail(what: string, offset = this.offset): never {
    throw invalidWasm(`${what} at byte ${offset}`);
  }

  u8(): number {
    if (this.offset >= this.end) this.fail('it ends too early');
    const byte = this.bytes[this.offset] as number;
    this.offset += 1;
    return byte;
  }

  skip(count: number): void {
    if (count > this.end - this.offset) this.fail('it ends too early');
    this.offset += count;
  }

  /** An unsigned LEB128 of at most 32 bits. */
  u32(): number {
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      if (shift === 28 && byte > 0x0f) break;
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return result >>> 0;
    }
    return this.fail('a number is too long');
  }

  /** Passes over a LEB128 of at most `bytesMax` bytes. */
  skipLeb(bytesMax: number): void {
    for (let count = 0; count < bytesMax; count += 1) {
      if (this.u8() < 0x80) return;
    }
    this.fail('a number is too long');
  }

  /** The length of a vector whose items take at least a byte each, so that it can never be larger than what is left. */
  count(): number {
    const at = this.offset;
    const count = this.u32();
    if (count > this.end - this.offset) this.fail('a list is longer than the module', at);
    return count;
  }

  name(): string {
    const at = this.offset;
    const length = this.u32();
    if (length > nameBytesMax) this.fail('a name is too long', at);
    this.skip(length);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.offset - length, length).toString('utf8');
  }
}

/** The refusal of a module: invalid_argument reason invalid_wasm. */
export function invalidWasm(what: string): RelaisError {
  return new RelaisError('invalid_argument', `This is not a module that can run here: ${what}.`, {
    reason: 'invalid_wasm',
  });
}
