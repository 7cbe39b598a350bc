import { chmodSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

/** Directories that had to be opened before one is given up. */
const openedMax = 1000;

/** Removes a directory with all it holds, also where its owner may not look into it. Never throws. */
export function removeTree(directory: string): void {
  for (let opened = 0; opened < openedMax; opened++) {
    try {
      rmSync(directory, { recursive: true, force: true });
      return;
    } catch (error) {
      const { code, path } = error as NodeJS.ErrnoException;
      if (code !== 'EACCES' || path === undefined || !tryOpen(path)) return;
    }
  }
}

function tryOpen(path: string): boolean {
  try {
    // A file that cannot be removed lies in a directory that cannot be written.
    for (const closed of [path, dirname(path)]) chmodSync(closed, 0o700);
    return true;
  } catch {
    return false;
  }
}
