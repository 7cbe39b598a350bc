import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { RelaisError } from '@relais/kit';
import type { Backend, Entry, Write } from '../backends/backend.js';
import { LevelBackend } from '../backends/level/level-backend.js';
import { syncDirectory } from '../backends/level/level-directory.js';
import { storageError } from '../errors.js';
import { unseal } from '../records/envelope.js';
import { isKnownKey } from '../records/keys.js';
import { readBackup, unusable } from './backup-format.js';

const batchBytesMax = 16 * 1024 * 1024;

/** What was restored. */
export interface Restored {
  readonly functions: number;
  readonly versions: number;
  readonly keys: number;
  readonly secrets: number;
}

/**
 * Makes a directory of a backup. It appears whole, under its name, once everything is checked and on disk, or not at all.
 * Rejects with failed_precondition: reason `restore_not_empty` when something is there already, `backup_unusable`, or
 * `record_too_new` when a newer release wrote it.
 */
export async function restoreBackup(chunks: AsyncIterable<Buffer>, directory: string): Promise<Restored> {
  const target = resolve(directory);
  await mustBeFree(target);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const made = await mkdtemp(`${target}.restoring-`);
  try {
    const backend = new LevelBackend({ directory: made });
    await backend.start();
    const restored = await fill(backend, readBackup(chunks)).finally(() => backend.stop(0));
    await rename(made, target);
    await syncDirectory(dirname(target));
    return restored;
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    throw error;
  }
}

async function mustBeFree(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error.code === 'ENOTDIR' ? notEmpty(directory) : error;
  });
  if (names.length > 0) throw notEmpty(directory);
}

function notEmpty(directory: string): RelaisError {
  const message = `${directory} holds something already; a backup is restored only where nothing is.`;
  return storageError('failed_precondition', 'restore_not_empty', message);
}

async function fill(backend: Backend, entries: AsyncIterable<Entry>): Promise<Restored> {
  const counts: Record<string, number> = {};
  let batch: Write[] = [];
  let batchBytes = 0;
  for await (const { key, value } of entries) {
    mustBeGood(key, value);
    const kind = key.slice(0, key.indexOf('/'));
    counts[kind] = (counts[kind] ?? 0) + 1;
    batch.push({ op: 'put', key, value });
    batchBytes += value.length;
    if (batchBytes < batchBytesMax) continue;
    await backend.write(batch, 'synced');
    batch = [];
    batchBytes = 0;
  }
  await backend.write(batch, 'synced');
  const { current = 0, version = 0, key = 0, secret = 0 } = counts;
  return { functions: current, versions: version, keys: key, secrets: secret };
}

/** Its own checksum, and for a blob its digest too. */
function mustBeGood(key: string, value: Buffer): void {
  if (!isKnownKey(key)) throw unusable(`it holds ${JSON.stringify(key)}, which this release does not know`);
  const content = contentOf(key, value);
  const [kind, digest] = key.split('/');
  if (kind !== 'blob' || createHash('sha256').update(content).digest('hex') === digest) return;
  throw unusable(`the content of ${key} is not what its name says`);
}

function contentOf(key: string, value: Buffer): Buffer {
  try {
    return unseal(key, value);
  } catch (error) {
    if (RelaisError.is(error) && error.fields.reason === 'record_too_new') throw error;
    throw unusable(`its record ${key} is damaged`, error);
  }
}
