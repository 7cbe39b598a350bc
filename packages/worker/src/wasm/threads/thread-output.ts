import { partBytesMax, partCost } from '@relais/kit/base';
import type { CallOutput } from '../wasi/output-buffer.js';

/**
 * Sends a call's output away as it is written, within the credit of a cell that is shared with whoever grants it. Without
 * credit the thread is held, and with it the function.
 */
export class ThreadOutput implements CallOutput {
  readonly #credit: Int32Array;
  readonly #bytesMax: number;
  readonly #send: (data: Uint8Array<ArrayBuffer>) => void;
  #offered = 0;

  constructor(credit: SharedArrayBuffer, windowBytes: number, send: (data: Uint8Array<ArrayBuffer>) => void) {
    this.#credit = new Int32Array(credit);
    // So that there is credit for a part while some of what was used up has not been given back.
    this.#bytesMax = Math.min(partBytesMax, Math.floor(windowBytes / 2) - partCost(0));
    this.#send = send;
  }

  get offered(): number {
    return this.#offered;
  }

  append(source: Uint8Array, start: number, length: number): boolean {
    this.#offered += length;
    for (let at = start; at < start + length; at += this.#bytesMax) {
      const data = new Uint8Array(source.subarray(at, Math.min(at + this.#bytesMax, start + length)));
      this.#spend(partCost(data.length));
      this.#send(data);
    }
    return true;
  }

  take(): Buffer {
    return Buffer.alloc(0);
  }

  reset(): void {
    this.#offered = 0;
  }

  /** Whoever gives the call up ends the thread, so it may wait for ever. */
  #spend(cost: number): void {
    for (let credit = this.#left(); credit < cost; credit = this.#left()) Atomics.wait(this.#credit, 0, credit);
    Atomics.sub(this.#credit, 0, cost);
  }

  #left(): number {
    return Atomics.load(this.#credit, 0);
  }
}
