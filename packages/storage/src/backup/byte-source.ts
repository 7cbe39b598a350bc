/** Bytes that come in chunks, taken in other lengths. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #position = 0;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** How many bytes were taken. */
  get position(): number {
    return this.#position;
  }

  /** As many bytes; undefined when there are fewer left. */
  async take(bytes: number): Promise<Buffer | undefined> {
    while (this.#heldBytes < bytes) {
      const next = await this.#chunks.next();
      if (next.done) return undefined;
      this.#held.push(next.value);
      this.#heldBytes += next.value.length;
    }
    const all = this.#held.length === 1 ? this.#held[0] : Buffer.concat(this.#held);
    const rest = all?.subarray(bytes) ?? Buffer.alloc(0);
    this.#held = rest.length > 0 ? [rest] : [];
    this.#heldBytes = rest.length;
    this.#position += bytes;
    return all?.subarray(0, bytes) ?? rest;
  }
}
