import { readFile } from 'node:fs/promises';
import { descendantsOf } from '@relais/kit';

const pageBytes = 4096;

/**
 * Memory that a process and its descendants hold, bytes: of pages that several share each has its part, so that the sum is
 * what would be free without them. Whoever ends meanwhile is not counted. 0 where there is no /proc.
 */
export async function treeMemoryBytes(root: number): Promise<number> {
  let bytes = 0;
  // One after the other: the kernel walks through all pages of each, and would else do so on every processor at once.
  for (const pid of [root, ...descendantsOf(root)]) bytes += await memoryBytes(pid);
  return bytes;
}

async function memoryBytes(pid: number): Promise<number> {
  const share = /^Pss:\s+(\d+) kB$/m.exec(await read(`/proc/${pid}/smaps_rollup`))?.[1];
  if (share !== undefined) return Number(share) * 1024;
  // Of another user's process only this may be read: what is resident, less what is shared.
  const [, resident = 0, shared = 0] = (await read(`/proc/${pid}/statm`)).split(' ').map(Number);
  return Math.max(0, resident - shared) * pageBytes;
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}
