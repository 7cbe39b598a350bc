import { join } from 'node:path';

/** Where in the data directory the storage role keeps what it stores. */
export function storageDirectory(data: string): string {
  return join(data, 'storage');
}
