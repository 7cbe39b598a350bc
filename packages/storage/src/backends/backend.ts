import type { Component } from '@relais/kit';

/** One key with its value. */
export interface Entry {
  readonly key: string;
  readonly value: Buffer;
}

/** Keys from `from` up to, but without, `to`, in ascending order of their ASCII bytes; at most `limit` of them. */
export interface KeyRange {
  readonly from: string;
  readonly to: string;
  /** At least 1. */
  readonly limit: number;
}

/** One change of a batch. A delete of what is not there does nothing. */
export type Write =
  | { readonly op: 'put'; readonly key: string; readonly value: Buffer }
  | { readonly op: 'delete'; readonly key: string };

/**
 * What a resolved write survives. `synced`: loss of power (as far as the backend is durable at all). `buffered`: the end
 * of this process, not loss of power.
 */
export type Durability = 'synced' | 'buffered';

/**
 * Ordered keys and binary values with atomic batches: all that this role asks of whatever keeps its records. Keys are 1
 * to 512 characters of `[-/_=.a-zA-Z0-9]`, which LevelDB, memory and NATS KV all take. A write that resolved is seen by
 * every later read.
 *
 * Rejects with RelaisError only: `unavailable` reason `storage_closed` before start and after stop; `internal` reason
 * `record_corrupt` when the medium itself says that what it read is damaged.
 */
export interface Backend extends Component {
  /**
   * Opens. Rejects with `failed_precondition`: reason `storage_locked` when another process has it open,
   * `storage_corrupt` when what is there is damaged or not ours, `storage_unusable` when it cannot be reached at all. It
   * never starts empty where something was.
   */
  start(): Promise<void>;
  /** The value of a key, a copy; undefined when there is none. */
  get(key: string): Promise<Buffer | undefined>;
  range(range: KeyRange): Promise<Entry[]>;
  /**
   * Every entry as it was when this was called, in ascending order, whatever is written meanwhile; read as it is asked for.
   * Ends with an error when the backend stops or recovers first. Whoever does not read to the end must `return` it.
   */
  snapshot(): Promise<AsyncIterator<Entry, void>>;
  /**
   * Applies all writes in order, or none. Rejects with `unavailable` reason `storage_write_failed`; whether the batch
   * landed is then unknown, and nothing more can be written, until `recover` resolved. Reads go on as before.
   */
  write(writes: readonly Write[], durability: Durability): Promise<void>;
  /**
   * After a failed write: makes the backend writable again. From then on reads tell whether the failed batch landed.
   * Does nothing when no write failed. Rejects with `unavailable` reason `storage_write_failed` while it cannot.
   */
  recover(): Promise<void>;
}
