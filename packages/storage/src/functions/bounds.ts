/** Bounds of the function store. What happens at a bound is said beside it. */
export interface StorageBounds {
  /** A larger source is refused with invalid_argument. */
  readonly sourceBytesMax: number;
  /** A larger artifact is refused with invalid_argument. */
  readonly artifactBytesMax: number;
  /** Names at once, all kept in memory; beyond it a new name is refused with resource_exhausted. */
  readonly functionsMax: number;
  /** API keys at once, all kept in memory; beyond it a new one is refused with resource_exhausted. */
  readonly keysMax: number;
  /** Secrets at once, all kept in memory as they are sealed; beyond it a new one is refused with resource_exhausted. */
  readonly secretsMax: number;
  /** Versions of one name; beyond it a deploy to it is refused with resource_exhausted. */
  readonly versionsPerFunctionMax: number;
  /** Versions other than current ones kept in memory; the least recently used goes first. */
  readonly cachedVersionsMax: number;
  /** About the memory of those. */
  readonly cachedVersionBytesMax: number;
  /** Changes waiting for the disk; beyond it a change is refused with resource_exhausted. */
  readonly queueLengthMax: number;
  /** Bytes of those. */
  readonly queueBytesMax: number;
  /** One synced write takes no further change once it has this many bytes. */
  readonly batchBytesMax: number;
  /** Changes of names that watchers can be told one by one; beyond it they are told that everything may have changed. */
  readonly changesKept: number;
  /** Waiting polls for changes; beyond it a poll is refused with resource_exhausted. */
  readonly watchersMax: number;
  /** Backups under way; beyond it a new one is refused with resource_exhausted. */
  readonly backupsMax: number;
  /** A backup that nobody reads on from for this long ends, milliseconds. */
  readonly backupIdleMs: number;
}

const mebibyte = 1024 * 1024;

export const defaultStorageBounds: StorageBounds = {
  sourceBytesMax: 10 * mebibyte,
  artifactBytesMax: 48 * mebibyte,
  functionsMax: 100_000,
  keysMax: 1000,
  secretsMax: 1000,
  versionsPerFunctionMax: 10_000,
  cachedVersionsMax: 10_000,
  cachedVersionBytesMax: 16 * mebibyte,
  queueLengthMax: 1000,
  queueBytesMax: 256 * mebibyte,
  batchBytesMax: 16 * mebibyte,
  changesKept: 1024,
  watchersMax: 1000,
  backupsMax: 4,
  backupIdleMs: 60_000,
};
