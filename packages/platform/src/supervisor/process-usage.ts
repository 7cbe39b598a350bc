import { readFileSync } from 'node:fs';

/** What a process uses, as the kernel counts it. */
export interface ProcessUsage {
  /** Its own and that of children that have ended, seconds. */
  readonly cpuSeconds: number;
  /** Resident, of it and its living descendants, bytes. */
  readonly memoryBytes: number;
}

// Fixed for every Linux that Node runs on.
const ticksPerSecond = 100;
const bytesPerKibibyte = 1024;
const descendantsMax = 1000;

/** Usage of a process, from outside: it can be told even while its loop is blocked. Undefined when it is gone, or there is no /proc. */
export function processUsage(pid: number): ProcessUsage | undefined {
  try {
    const { cpuSeconds } = statOf(pid);
    const tree = [pid];
    for (let index = 0; index < tree.length && tree.length < descendantsMax; index++) {
      tree.push(...childrenOf(tree[index] ?? 0));
    }
    return { cpuSeconds, memoryBytes: tree.reduce((sum, member) => sum + memoryOf(member), 0) };
  } catch {
    return undefined;
  }
}

function statOf(pid: number): { readonly cpuSeconds: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program stands in parentheses and may hold anything; the fields are counted from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime, stime, cutime and cstime are the fields 14 to 17 of proc(5).
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { cpuSeconds: ticks / ticksPerSecond };
}

function memoryOf(pid: number): number {
  try {
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(resident ?? 0) * bytesPerKibibyte;
  } catch {
    return 0;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
