import { statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type MetricRegistry, RelaisError } from '@relais/kit';
import { Level } from 'level';
import type { Backend, Durability, Entry, KeyRange, Write } from '../backend.js';
import { identityOf, markDirectory, prepareDirectory } from './level-directory.js';
import { closed, locked, openFailure, readFailure, unusable, writeFailed } from './level-errors.js';
import { addLevelMetrics } from './level-metrics.js';

// Reopening writes files; below this it would fail and take the reads with it.
const freeBytesToReopen = 32 * 1024 * 1024;

// A second LevelDB open of one directory in one process would drop the first one's lock against other processes.
const openHere = new Set<string>();

/** Keeps records in a LevelDB database of its own directory, which one process may have open at a time. */
export class LevelBackend implements Backend {
  readonly name = 'storage leveldb';
  readonly #directory: string;
  #database: Level<string, Buffer> | undefined;
  #identity = '';
  #failedWrite: unknown;
  #recovering: Promise<void> | undefined;

  /** @param options.directory Nothing else may be kept in it; created with mode 0700. */
  constructor(options: { readonly directory: string; readonly metrics?: MetricRegistry }) {
    this.#directory = resolve(options.directory);
    if (options.metrics) addLevelMetrics(options.metrics, (property) => this.#property(property));
  }

  async start(): Promise<void> {
    if (openHere.has(this.#directory)) throw locked(this.#directory, process.pid);
    openHere.add(this.#directory);
    try {
      this.#database = await this.#open();
      this.#identity = await identityOf(this.#directory);
    } catch (error) {
      openHere.delete(this.#directory);
      throw error;
    }
  }

  async stop(_graceMs: number): Promise<void> {
    await this.#recovering?.catch(() => {});
    const database = this.#database;
    this.#database = undefined;
    if (!database) return;
    // Waits for what LevelDB has begun.
    await database.close();
    openHere.delete(this.#directory);
  }

  async get(key: string): Promise<Buffer | undefined> {
    await this.#recovering?.catch(() => {});
    const database = this.#mustBeOpen();
    try {
      return await database.get(key);
    } catch (error) {
      throw readFailure(this.#directory, key, error);
    }
  }

  async range({ from, to, limit }: KeyRange): Promise<Entry[]> {
    await this.#recovering?.catch(() => {});
    const database = this.#mustBeOpen();
    try {
      const entries = await database.iterator({ gte: from, lt: to, limit }).all();
      return entries.map(([key, value]) => ({ key, value }));
    } catch (error) {
      throw readFailure(this.#directory, `range ${from} to ${to}`, error);
    }
  }

  async snapshot(): Promise<AsyncIterator<Entry, void>> {
    await this.#recovering?.catch(() => {});
    // LevelDB takes the snapshot here; a generator of its own would only on its first step.
    return entriesOf(this.#mustBeOpen().iterator(), this.#directory);
  }

  async write(writes: readonly Write[], durability: Durability): Promise<void> {
    const database = this.#mustBeOpen();
    if (this.#failedWrite !== undefined) throw writeFailed(this.#directory, this.#failedWrite);
    try {
      await database.batch(writes.map(toOperation), { sync: durability === 'synced' });
      if (durability === 'synced') await this.#mustBeInPlace();
    } catch (error) {
      // LevelDB's log may end in half a record now; it would lose what it appends behind that.
      this.#failedWrite = error;
      throw writeFailed(this.#directory, error);
    }
  }

  recover(): Promise<void> {
    this.#recovering ??= this.#reopen().finally(() => {
      this.#recovering = undefined;
    });
    return this.#recovering;
  }

  async #reopen(): Promise<void> {
    const database = this.#mustBeOpen();
    if (this.#failedWrite === undefined) return;
    const { bavail, bsize } = await statfs(this.#directory).catch((error) => {
      throw unusable(this.#directory, error);
    });
    if (bavail * bsize < freeBytesToReopen) throw writeFailed(this.#directory, new Error('the disk is full'));
    try {
      // While it is not, what is open can still be read.
      await this.#mustBeInPlace();
      await database.close();
      this.#database = await this.#open();
      this.#failedWrite = undefined;
    } catch (error) {
      throw writeFailed(this.#directory, error);
    }
  }

  /** What is written to a directory that was removed, or lies under another by now, is on no disk that will be read again. */
  async #mustBeInPlace(): Promise<void> {
    const identity = await identityOf(this.#directory).catch(() => undefined);
    if (identity !== this.#identity) throw new Error('it was removed, or another directory has taken its place');
  }

  async #open(): Promise<Level<string, Buffer>> {
    const directory = this.#directory;
    let database: Level<string, Buffer> | undefined;
    try {
      await prepareDirectory(directory);
      database = new Level<string, Buffer>(directory, { keyEncoding: 'utf8', valueEncoding: 'buffer' });
      await database.open().catch(async (error) => {
        throw await openFailure(directory, error);
      });
      await markDirectory(directory);
      return database;
    } catch (error) {
      await database?.close();
      throw RelaisError.is(error) ? error : unusable(directory, error);
    }
  }

  /** What LevelDB says of itself; empty while it is closed. */
  #property(name: string): string {
    const database = this.#database;
    return database?.status === 'open' ? propertyOf(database, name) : '';
  }

  #mustBeOpen(): Level<string, Buffer> {
    if (!this.#database) throw closed(this.#directory);
    return this.#database;
  }
}

// The types of "level" are those of every platform; only LevelDB itself has properties.
function propertyOf(database: Level<string, Buffer>, name: string): string {
  const { getProperty } = database as { getProperty?: (name: string) => string };
  return getProperty?.call(database, name) ?? '';
}

interface LevelIterator {
  next(): Promise<[string, Buffer] | undefined>;
  close(): Promise<void>;
}

function entriesOf(iterator: LevelIterator, directory: string): AsyncIterator<Entry, void> {
  return {
    async next() {
      try {
        const found = await iterator.next();
        if (found) return { done: false, value: { key: found[0], value: found[1] } };
        await iterator.close();
        return { done: true, value: undefined };
      } catch (error) {
        await iterator.close();
        throw readFailure(directory, 'snapshot', error);
      }
    },
    async return() {
      await iterator.close();
      return { done: true, value: undefined };
    },
  };
}

function toOperation(write: Write) {
  if (write.op === 'put') return { type: 'put', key: write.key, value: write.value } as const;
  return { type: 'del', key: write.key } as const;
}
