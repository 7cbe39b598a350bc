import { mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomHex } from '@relais/kit';
import { filesNotWritten } from './failures.js';
import type { SharedFiles } from './process-launcher.js';

// Directories stay writable for their owner, else who is not root could not remove them.
const fileMode = 0o444;

/** Writes files into a new directory below `root`, which is made when needed. Nothing is left behind when that fails. */
export async function writeSharedFiles(root: string, files: ReadonlyMap<string, Uint8Array>): Promise<SharedFiles> {
  let directory: string | undefined;
  const remove = async () => {
    if (directory) await rm(directory, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  };
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    const unguessable = join(await realpath(root), `files-${randomHex(16)}`);
    await mkdir(unguessable, { mode: 0o700 });
    directory = unguessable;
    await writeAll(directory, files);
    return { directory, remove };
  } catch (error) {
    await remove();
    throw filesNotWritten(error);
  }
}

// One after the other: thousands at once would use up the file descriptors.
async function writeAll(directory: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const made = new Set([directory]);
  for (const [path, content] of files) {
    const target = join(directory, path);
    const parent = dirname(target);
    if (!made.has(parent)) await mkdir(parent, { recursive: true });
    made.add(parent);
    await writeFile(target, content, { mode: fileMode, flag: 'wx' });
  }
}
