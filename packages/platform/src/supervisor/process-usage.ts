import { cpuMsOf, descendantsOf, readProc } from '@relais/kit';

/** What a process uses, as the kernel counts it. */
export interface ProcessUsage {
  /** Its own and that of children that have ended, seconds. */
  readonly cpuSeconds: number;
  /** Resident, of it and its living descendants, bytes. */
  readonly memoryBytes: number;
}

const bytesPerKibibyte = 1024;

/** Usage of a process, from outside: it can be told even while its loop is blocked. Undefined when it is gone, or there is no /proc. */
export function processUsage(pid: number): ProcessUsage | undefined {
  const ownBytes = memoryOf(pid);
  if (ownBytes === 0) return undefined;
  const memoryBytes = descendantsOf(pid).reduce((sum, each) => sum + memoryOf(each), ownBytes);
  return { cpuSeconds: cpuMsOf(pid) / 1000, memoryBytes };
}

function memoryOf(pid: number): number {
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(`${pid}/status`))?.[1];
  return Number(resident ?? 0) * bytesPerKibibyte;
}
