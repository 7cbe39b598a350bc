import { readFile } from 'node:fs/promises';
import { descendantsOf } from '@relais/kit';

const pageBytes = 4096;

/**
 * Memory that processes and their descendants hold, bytes: of pages that several share each has its part, so that the sum is
 * what would be free without them. Whoever ends meanwhile is not counted. 0 where there is no /proc.
 */
export async function treeMemoryBytes(rootPids: readonly number[]): Promise<number> {
  const sizes = await Promise.all(rootPids.flatMap((pid) => [pid, ...descendantsOf(pid)]).map(memoryBytes));
  return sizes.reduce((sum, size) => sum + size, 0);
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
