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

  async snapshot(): Promise<AsyncIterator<Entry, void>> {
    this.#mustBeOpen();
    const entries = [...this.#values].sort(([a], [b]) => (a < b ? -1 : 1));
    return this.#read(entries);
  }

  async *#read(entries: readonly (readonly [string, Buffer])[]): AsyncGenerator<Entry, void> {
    for (const [key, value] of entries) {
      this.#mustBeOpen();
      yield { key, value: Buffer.from(value) };
    }
  }

  async write(writes: readonly Write[], _durability: Durability): Promise<void> {
    this.#mustBeOpen();
    // Copies first: one that fails must leave nothing of the batch behind.
    const values = writes.map((write) => (write.op === 'put' ? Buffer.from(write.value) : undefined));
    for (const [at, { key }] of writes.entries()) {
      const value = values[at];
      if (value) this.#values.set(key, value);
      else this.#values.delete(key);
    }
  }

  async recover(): Promise<void> {
    this.#mustBeOpen();
  }

  #mustBeOpen(): void {
    if (!this.#open) throw storageError('unavailable', 'storage_closed', 'The storage is not open; start it first.');
  }
}
