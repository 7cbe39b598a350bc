import type { WasmMemory } from '../webassembly.js';

/**
 * A module's linear memory as the host functions see it. Pointers come from hostile code: ask {@link inRange} first;
 * every other method trusts its arguments.
 */
export class GuestMemory {
  #memory: WasmMemory | undefined;
  #bytes = new Uint8Array(0);
  #view = new DataView(new ArrayBuffer(0));

  /** Points at the memory of a new instance. */
  attach(memory: WasmMemory): void {
    this.#memory = memory;
    this.#refresh();
  }

  /** Lets go of the memory, so that it can be collected; every range is then out of range. */
  detach(): void {
    this.#memory = undefined;
    this.#bytes = new Uint8Array(0);
    this.#view = new DataView(new ArrayBuffer(0));
  }

  /** Whether `length` bytes from `pointer` on (both already unsigned) exist now. Sees memory that grew. */
  inRange(pointer: number, length: number): boolean {
    // A grown memory leaves its old buffer detached, with length 0.
    if (this.#bytes.length === 0) this.#refresh();
    return pointer + length <= this.#bytes.length;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  u8(pointer: number): number {
    return this.#view.getUint8(pointer);
  }

  u16(pointer: number): number {
    return this.#view.getUint16(pointer, true);
  }

  u32(pointer: number): number {
    return this.#view.getUint32(pointer, true);
  }

  u64(pointer: number): bigint {
    return this.#view.getBigUint64(pointer, true);
  }

  setU8(pointer: number, value: number): void {
    this.#view.setUint8(pointer, value);
  }

  setU16(pointer: number, value: number): void {
    this.#view.setUint16(pointer, value, true);
  }

  setU32(pointer: number, value: number): void {
    this.#view.setUint32(pointer, value, true);
  }

  setU64(pointer: number, value: bigint): void {
    this.#view.setBigUint64(pointer, value, true);
  }

  zero(pointer: number, length: number): void {
    this.#bytes.fill(0, pointer, pointer + length);
  }

  #refresh(): void {
    if (!this.#memory) return;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#view = new DataView(this.#memory.buffer);
  }
}
