import type { Backend, Durability, Entry, KeyRange, Write } from '../backends/backend.js';
import { storageError } from '../errors.js';

/** Whether a failed batch still reached the disk. */
type Failure = 'lost' | 'landed';

/** A backend whose disk is full while `failure` is set. */
export class FailingBackend implements Backend {
  readonly name = 'storage failing';
  failure: Failure | undefined;
  /** Durability of every batch that was tried. */
  readonly tried: Durability[] = [];
  readonly #inner: Backend;
  #failed = false;

  constructor(inner: Backend) {
    this.#inner = inner;
  }

  start(): Promise<void> {
    return this.#inner.start();
  }

  stop(graceMs: number): Promise<void> {
    return this.#inner.stop(graceMs);
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.#inner.get(key);
  }

  range(range: KeyRange): Promise<Entry[]> {
    return this.#inner.range(range);
  }

  snapshot(): Promise<AsyncIterator<Entry, void>> {
    return this.#inner.snapshot();
  }

  async write(writes: readonly Write[], durability: Durability): Promise<void> {
    this.tried.push(durability);
    if (this.failure === 'landed') await this.#inner.write(writes, durability);
    this.#failed ||= this.failure !== undefined;
    this.#mustWork();
    await this.#inner.write(writes, durability);
  }

  async recover(): Promise<void> {
    if (this.failure === undefined) this.#failed = false;
    this.#mustWork();
  }

  #mustWork(): void {
    if (this.#failed) throw storageError('unavailable', 'storage_write_failed', 'The disk is full.');
  }
}
