const chunkBytes = 64 * 1024;
/** Before each record: chunk and place of the record of the same trace before it, and its own length. */
const headBytes = 12;
const none = 0xffff_ffff;

/** What is known of a kept trace without reading its spans. */
export interface TraceEntry {
  readonly traceId: string;
  /** Monotonic milliseconds. */
  readonly sinceMs: number;
  readonly generation: TraceGeneration;
  /** Of those that were added one by one. */
  spanCount: number;
  dropped: number;
  failed: boolean;
  invocationId: string;
  /** Whether the gateway's own span has ended; the next two are of it. */
  rooted: boolean;
  functionName: string;
  durationMs: number;
  /** Where its newest record is. */
  lastChunk: number;
  lastAt: number;
}

/**
 * Traces that began about the same time and are forgotten together. Their spans are bytes in a few large buffers, which the
 * garbage collector neither walks through nor copies, and no trace is ever deleted by itself: at thousands of traces a second
 * both cost more than the spans.
 */
export class TraceGeneration {
  readonly entries = new Map<string, TraceEntry>();
  readonly beganMs: number;
  /** Of all records. */
  bytes = 0;
  readonly #spare: Buffer[];
  readonly #chunks: Buffer[] = [];
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;

  /** `spare`: chunks that earlier ones have left, which are used up first. */
  constructor(beganMs: number, spare: Buffer[]) {
    this.beganMs = beganMs;
    this.#spare = spare;
  }

  begin(traceId: string, sinceMs: number): TraceEntry {
    const entry: TraceEntry = {
      ...{ traceId, sinceMs, generation: this, spanCount: 0, dropped: 0, failed: false, invocationId: '' },
      ...{ rooted: false, functionName: '', durationMs: 0, lastChunk: none, lastAt: 0 },
    };
    this.entries.set(traceId, entry);
    return entry;
  }

  /** Keeps a copy of encoded spans. Returns how much longer that made `bytes`. */
  append(entry: TraceEntry, spans: Buffer): number {
    const needed = headBytes + spans.length;
    if (this.#at + needed > this.#chunk.length) {
      const spare = needed <= chunkBytes ? this.#spare.pop() : undefined;
      this.#chunk = spare ?? Buffer.allocUnsafeSlow(Math.max(chunkBytes, needed));
      this.#chunks.push(this.#chunk);
      this.#at = 0;
    }
    const at = this.#at;
    this.#chunk.writeUInt32LE(entry.lastChunk, at);
    this.#chunk.writeUInt32LE(entry.lastAt, at + 4);
    this.#chunk.writeUInt32LE(spans.length, at + 8);
    spans.copy(this.#chunk, at + headBytes);
    entry.lastChunk = this.#chunks.length - 1;
    entry.lastAt = at;
    this.#at += needed;
    this.bytes += needed;
    return needed;
  }

  /** Leaves its chunks to the next one: buffers that come and go would have the garbage collector run for their sake. */
  end(): void {
    this.#spare.push(...this.#chunks.filter(({ length }) => length === chunkBytes));
  }

  /** What was appended, in that order. */
  recordsOf({ lastAt, lastChunk }: TraceEntry): Buffer[] {
    const records: Buffer[] = [];
    let at = lastAt;
    for (let chunk = this.#chunks[lastChunk]; chunk; ) {
      const startAt = at + headBytes;
      records.push(chunk.subarray(startAt, startAt + chunk.readUInt32LE(at + 8)));
      const before = this.#chunks[chunk.readUInt32LE(at)];
      at = chunk.readUInt32LE(at + 4);
      chunk = before;
    }
    return records.reverse();
  }
}
