import { storageError } from '../../errors.js';
import type { Backend, Durability, Entry, KeyRange, Write } from '../backend.js';

/** Keeps everything in this process and nothing beyond it; for tests. What was written outlives stop and start. */
export class MemoryBackend implements Backend {
  readonly name = 'storage memory';
  readonly #values = new Map<string, Buffer>();
  #open = false;

  async start(): Promise<void> {
    this.#open = true;
  }

  async stop(_graceMs: number): Promise<void> {
    this.#open = false;
  }

  async get(key: string): Promise<Buffer | undefined> {
    this.#mustBeOpen();
    const value = this.#values.get(key);
    return value && Buffer.from(value);
  }

  async range({ from, to, limit }: KeyRange): Promise<Entry[]> {
    this.#mustBeOpen();
    const keys = [...this.#values.keys()].filter((key) => key >= from && key < to).sort();
    return keys.slice(0, limit).map((key) => ({ key, value: Buffer.from(this.#values.get(key) ?? []) }));
  }

  async write(writes: readonly Write[], _durability: Durability): Promise<void> {
    this.#mustBeOpen();
    for (const write of writes) {
      if (write.op === 'put') this.#values.set(write.key, Buffer.from(write.value));
      else this.#values.delete(write.key);
    }
  }

  async recover(): Promise<void> {
    this.#mustBeOpen();
  }

  #mustBeOpen(): void {
    if (!this.#open) throw storageError('unavailable', 'storage_closed', 'The storage is not open; start it first.');
  }
}
