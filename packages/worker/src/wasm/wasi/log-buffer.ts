import { OutputBuffer } from './output-buffer.js';

const tailBytesMax = 4096;

/** Collects what a call prints: the first logBytesMax bytes, and always the last 4 KiB for a failure's report. */
export class LogBuffer {
  readonly #head: OutputBuffer;
  readonly #bytesMax: number;
  #tail = Buffer.alloc(0);
  #truncated = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#head = new OutputBuffer(bytesMax);
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  /** Appends; what passes the bound is dropped and flagged. */
  append(source: Uint8Array, start: number, length: number): void {
    const room = this.#bytesMax - this.#head.length;
    const kept = Math.min(room, length);
    if (kept > 0) this.#head.append(source, start, kept);
    if (kept === length) return;
    if (!this.#truncated) this.#tail = Buffer.from(this.#head.peek(Math.max(0, this.#head.length - tailBytesMax)));
    this.#truncated = true;
    this.#appendTail(source.subarray(start + kept, start + length));
  }

  /** What was printed, as text of at most logBytesMax bytes in UTF-8; invalid bytes become U+FFFD. */
  text(): string {
    if (this.#head.length === 0) return '';
    const text = this.#truncated ? completeText(this.#head.peek(0)) : this.#head.text();
    if (Buffer.byteLength(text) <= this.#bytesMax) return text;
    // Each invalid byte grew to three.
    this.#truncated = true;
    return completeText(Buffer.from(text).subarray(0, this.#bytesMax));
  }

  /** The last 4 KiB printed. */
  tailText(): string {
    const tail = this.#truncated ? this.#tail : this.#head.peek(Math.max(0, this.#head.length - tailBytesMax));
    return tail.toString('utf8');
  }

  reset(): void {
    this.#head.reset();
    this.#truncated = false;
    if (this.#tail.length > 0) this.#tail = Buffer.alloc(0);
  }

  #appendTail(bytes: Uint8Array): void {
    const recent = bytes.subarray(Math.max(0, bytes.length - tailBytesMax));
    const older = this.#tail.subarray(Math.max(0, this.#tail.length + recent.length - tailBytesMax));
    this.#tail = Buffer.concat([older, recent]);
  }
}

/** Decodes up to the last complete character, so that a cut does not add a replacement character. */
function completeText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes, { stream: true });
}
