import { createReadStream } from 'node:fs';
import { type Restored, restoreBackup } from '@relais/storage';
import { storageDirectory } from './config/storage-directory.js';

const chunkBytes = 1024 * 1024;

/** Fills the data directory of a platform that is not yet there from the file of a backup. See `restoreBackup`. */
export function restore(file: string, data: string): Promise<Restored> {
  return restoreBackup(createReadStream(file, { highWaterMark: chunkBytes }), storageDirectory(data));
}
