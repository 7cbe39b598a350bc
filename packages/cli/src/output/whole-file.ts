import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RelaisError } from '@relais/sdk';
import { fileExists, unwritable } from '../framework/failures.js';

/**
 * Writes a file that appears under its name only once all of it is on disk, for its owner alone. Rejects with
 * already_exists when there is one, with invalid_argument when it cannot be written, and with what `fill` rejects with;
 * then nothing is left of it.
 */
export async function writeWholeFile<T>(
  path: string,
  fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<T>,
): Promise<T> {
  if (await exists(path)) throw fileExists(path);
  const partPath = `${path}.part-${process.pid}`;
  const part = await on(path, open(partPath, 'wx', 0o600));
  try {
    const filled = await fill((bytes) => on(path, part.writeFile(bytes))).finally(() => synced(path, part));
    await on(path, rename(partPath, path));
    await on(path, syncDirectory(dirname(path)));
    return filled;
  } catch (error) {
    await rm(partPath, { force: true });
    throw error;
  }
}

async function synced(path: string, file: FileHandle): Promise<void> {
  try {
    await on(path, file.sync());
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function on<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw RelaisError.is(error) ? error : unwritable(path, error);
  }
}
