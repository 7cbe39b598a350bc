import { readdir, readFile } from 'node:fs/promises';

const pageBytes = 4096;

/**
 * Memory that processes and their descendants hold, bytes: of pages that several share each has its part, so that the sum is
 * what would be free without them. Whoever ends meanwhile is not counted. 0 where there is no /proc.
 */
export async function treeMemoryBytes(rootPids: readonly number[]): Promise<number> {
  let bytes = 0;
  let generation = [...rootPids];
  while (generation.length > 0) {
    const sizes = await Promise.all(generation.map(memoryBytes));
    bytes += sizes.reduce((sum, size) => sum + size, 0);
    generation = (await Promise.all(generation.map(childrenOf))).flat();
  }
  return bytes;
}

/** Those that any of its threads has started. */
async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const texts = await Promise.all(threads.map((thread) => read(`/proc/${pid}/task/${thread}/children`)));
  return texts.flatMap((text) => text.split(' ').map(Number).filter(Boolean));
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
