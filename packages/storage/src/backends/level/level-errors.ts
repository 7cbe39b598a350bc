import type { RelaisError } from '@relais/kit';
import { recordCorrupt, storageError } from '../../errors.js';
import { lockHolder } from './lock-holder.js';

/** The database's directory holds something that must not be opened. */
export function corrupt(directory: string, finding: string, cause?: unknown): RelaisError {
  return storageError(
    'failed_precondition',
    'storage_corrupt',
    `The data directory ${directory} was not opened: ${finding}. Restore it from a backup, or move it aside to start empty.`,
    cause === undefined ? {} : { cause },
  );
}

export function unusable(directory: string, cause: unknown): RelaisError {
  return storageError(
    'failed_precondition',
    'storage_unusable',
    `The data directory ${directory} cannot be used (${textOf(cause)}). Check that it is a directory on a disk with free space, owned by the user that runs Relais.`,
    { cause, fault: 'platform' },
  );
}

/** Somebody has the directory open; pid undefined: whoever cannot be told. */
export function locked(directory: string, pid: number | undefined, cause?: unknown): RelaisError {
  const holder = pid === undefined ? 'another process' : `process ${pid}`;
  return storageError(
    'failed_precondition',
    'storage_locked',
    `The data directory ${directory} is in use by ${holder}. Stop that Relais, or give this one a directory of its own.`,
    cause === undefined ? {} : { cause },
  );
}

export function closed(directory: string): RelaisError {
  return storageError('unavailable', 'storage_closed', `The data directory ${directory} is not open; start it first.`);
}

export function writeFailed(directory: string, cause: unknown): RelaisError {
  return storageError(
    'unavailable',
    'storage_write_failed',
    `Nothing can be written to ${directory} (${textOf(cause)}). Check its disk for free space and errors; reads go on.`,
    { cause },
  );
}

/** What a failed open means. */
export async function openFailure(directory: string, error: unknown): Promise<RelaisError> {
  const cause = causeOf(error);
  const code = codeOf(cause);
  if (code === 'LEVEL_LOCKED') return locked(directory, await lockHolder(directory), cause);
  if (code === 'LEVEL_CORRUPTION') return corrupt(directory, `LevelDB finds it damaged (${textOf(cause)})`, cause);
  return unusable(directory, cause);
}

/** What a failed read of a key or of a range means. */
export function readFailure(directory: string, what: string, error: unknown): RelaisError {
  const code = codeOf(error);
  if (code === 'LEVEL_CORRUPTION') return recordCorrupt(what, `Restore ${directory} from a backup.`, error);
  if (code === 'LEVEL_DATABASE_NOT_OPEN' || code === 'LEVEL_ITERATOR_NOT_OPEN') return closed(directory);
  return storageError('unavailable', 'storage_read_failed', `${directory} cannot be read (${textOf(error)}).`, {
    cause: error,
  });
}

/** The code of an error of LevelDB or of the operating system. */
export function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
