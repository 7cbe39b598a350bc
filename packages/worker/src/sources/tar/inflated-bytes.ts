import { createGunzip } from 'node:zlib';
import { beyondLimit, damaged } from '../bad-archive.js';

/** What a gzip stream holds, read in order and unpacked only as far as it is read. */
export class InflatedBytes {
  readonly #chunks: AsyncGenerator<Buffer, void>;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  /** Beyond bytesMax reading rejects with bad_archive. */
  constructor(gzipped: Uint8Array, bytesMax: number) {
    this.#chunks = inflate(gzipped, bytesMax);
  }

  /** The next `count` bytes; undefined when the stream ended right here. Rejects when it ends before them. */
  async take(count: number): Promise<Buffer | undefined> {
    while (this.#pendingBytes < count) {
      const { value, done } = await this.#chunks.next();
      if (done) break;
      this.#pending.push(value);
      this.#pendingBytes += value.length;
    }
    if (this.#pendingBytes === 0 && count > 0) return undefined;
    if (this.#pendingBytes < count) throw damaged();
    const joined = this.#pending.length === 1 ? this.#pending[0] : undefined;
    const all = joined ?? Buffer.concat(this.#pending);
    this.#pending = [all.subarray(count)];
    this.#pendingBytes -= count;
    return all.subarray(0, count);
  }

  /** Reads to the end, which proves the checksum. */
  async drain(): Promise<void> {
    while (!(await this.#chunks.next()).done);
  }

  async close(): Promise<void> {
    await this.#chunks.return();
  }
}

async function* inflate(gzipped: Uint8Array, bytesMax: number): AsyncGenerator<Buffer, void> {
  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  gunzip.end(gzipped);
  let bytes = 0;
  try {
    for await (const chunk of gunzip) {
      bytes += chunk.length;
      if (bytes > bytesMax) break;
      yield chunk;
    }
  } catch (cause) {
    throw damaged(cause);
  }
  if (bytes > bytesMax) throw beyondLimit('bytes when unpacked', 'unpackedBytesMax', bytesMax, bytes);
}
