import type { Logger } from '@relais/kit';
import type { Mutation } from '../commit/group-commit.js';
import { overLimit, recordCorrupt, storageError } from '../errors.js';
import { put, type RecordReader } from './record-reader.js';

/** What a table keeps. */
export interface RecordKind<T> {
  /** First part of the records' keys; also names the table in the change feed and in reasons. */
  readonly prefix: string;
  /** For people: "API key". */
  readonly what: string;
  readonly codec: { encode(record: T): { finish(): Uint8Array }; decode(bytes: Uint8Array): T };
  idOf(record: T): string;
  /** Throws invalid_argument for a record that cannot be kept. */
  check(record: T): void;
  /** Throws when a record may not take the place of what there is. */
  admit(record: T, current: T | undefined): void;
}

export interface RecordTableOptions {
  readonly reader: RecordReader;
  readonly logger: Logger;
  /** Records at once, all kept in memory; beyond it a new one is refused with resource_exhausted. */
  readonly recordsMax: number;
}

const recordBytesMax = 16 * 1024;

/** Small records of one kind, few enough that all are in memory. A damaged one reads as absent, and is logged. */
export class RecordTable<T> {
  readonly #kind: RecordKind<T>;
  readonly #options: RecordTableOptions;
  #records = new Map<string, T>();
  #damaged = new Set<string>();

  constructor(kind: RecordKind<T>, options: RecordTableOptions) {
    this.#kind = kind;
    this.#options = options;
  }

  /** The key of a record, by which the change feed tells of it too. */
  keyOf(id: string): string {
    return `${this.#kind.prefix}/${id}`;
  }

  /** Reads all records anew. */
  async load(): Promise<void> {
    const { prefix, what } = this.#kind;
    const { logger, reader, recordsMax } = this.#options;
    const records = new Map<string, T>();
    const damaged = new Set<string>();
    for await (const scanned of reader.contents({ from: `${prefix}/`, to: `${prefix}0`, limit: recordsMax })) {
      const id = scanned.key.slice(prefix.length + 1);
      if ('content' in scanned) records.set(id, this.#decode(scanned.key, scanned.content));
      else if (scanned.damage.code === 'failed_precondition') throw scanned.damage;
      else {
        damaged.add(id);
        logger.error({ key: scanned.key }, `A damaged ${what} is not used; delete it and make it again.`);
      }
    }
    this.#records = records;
    this.#damaged = damaged;
  }

  /** Ordered by id. */
  list(): T[] {
    return [...this.#records].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
  }

  /** Throws not_found. */
  get(id: string): T {
    const record = this.#records.get(id);
    if (record === undefined) throw this.#notFound(id);
    return record;
  }

  /** Throws invalid_argument; refused with what the kind says or resource_exhausted. */
  put(given: T): Mutation<unknown, void> {
    this.#kind.check(given);
    const content = this.#kind.codec.encode(given).finish();
    checkSize(content.length);
    const id = this.#kind.idOf(given);
    return {
      bytes: content.length,
      // It looks at what is there, so nothing may be on its way.
      alone: true,
      plan: async () => {
        const current = this.#records.get(id);
        this.#kind.admit(given, current);
        if (current === undefined) this.#mustHaveRoom();
        return {
          writes: [put(this.keyOf(id), content)],
          // Through its encoding, so that it shares nothing with the request.
          apply: () => {
            this.#damaged.delete(id);
            this.#records.set(id, this.#kind.codec.decode(content));
          },
        };
      },
    };
  }

  /** Refused with not_found. A damaged record goes too. */
  delete(id: string): Mutation<unknown, void> {
    return {
      bytes: 0,
      alone: true,
      plan: async () => {
        if (!this.#records.has(id) && !this.#damaged.has(id)) throw this.#notFound(id);
        return {
          writes: [{ op: 'delete', key: this.keyOf(id) }],
          apply: () => {
            this.#records.delete(id);
            this.#damaged.delete(id);
          },
        };
      },
    };
  }

  #decode(key: string, content: Buffer): T {
    try {
      return this.#kind.codec.decode(content);
    } catch (error) {
      throw recordCorrupt(key, 'Delete it and make it again.', error);
    }
  }

  #mustHaveRoom(): void {
    const { prefix, what } = this.#kind;
    const limit = this.#options.recordsMax;
    if (this.#records.size + this.#damaged.size < limit) return;
    const message = `There may be at most ${limit} of ${what}; delete one that is not used.`;
    const fields = { retryable: false, limit: { name: `${prefix}sMax`, limit, used: limit + 1 } };
    throw storageError('resource_exhausted', `${prefix}s_limit`, message, fields);
  }

  #notFound(id: string) {
    const { prefix, what } = this.#kind;
    return storageError('not_found', `${prefix}_not_found`, `There is no ${what} ${JSON.stringify(id.slice(0, 80))}.`);
  }
}

function checkSize(bytes: number): void {
  if (bytes <= recordBytesMax) return;
  const message = `A record may take ${recordBytesMax} bytes, this takes ${bytes}.`;
  throw overLimit('recordBytesMax', recordBytesMax, bytes, message);
}
