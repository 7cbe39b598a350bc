import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

interface CachedFile {
  readonly path: string;
  readonly bytes: number;
  readonly usedMs: number;
}

/**
 * Brings a directory of cached files down to half of `bytesMax` when it holds more, the longest unused first. Several
 * workers may do so at once. Never rejects: a cache that cannot be read is left alone.
 */
export async function trimCache(directory: string, bytesMax: number): Promise<void> {
  const files = await filesIn(directory);
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes <= bytesMax) return;
  files.sort((a, b) => a.usedMs - b.usedMs);
  for (const file of files) {
    if (bytes <= bytesMax / 2) return;
    await rm(file.path, { force: true }).catch(() => {});
    bytes -= file.bytes;
  }
}

async function filesIn(directory: string): Promise<CachedFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files: CachedFile[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const found = await stat(path).catch(() => undefined);
    // Go marks an entry as used by its time of modification.
    if (found) files.push({ path, bytes: found.size, usedMs: found.mtimeMs });
  }
  return files;
}
