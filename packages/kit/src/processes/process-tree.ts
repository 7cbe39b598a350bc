import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel counts processor time in, of a second; the same on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Processes that any thread of one has started; empty when it is gone, or there is no /proc. */
export function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) => numbersIn(readProc(`${pid}/task/${thread}/children`)));
}

/** All that descend from a process, the nearest first. */
export function descendantsOf(pid: number): number[] {
  const found: number[] = [];
  for (let generation = childrenOf(pid); generation.length > 0; generation = generation.flatMap(childrenOf)) {
    found.push(...generation);
  }
  return found;
}

/** Processor time of a process and of its children that it has seen end, milliseconds; 0 when it is gone. */
export function cpuMsOf(pid: number): number {
  // utime, stime, cutime and cstime are the 14th to 17th field of proc(5).
  const ticks = statFieldsOf(pid)
    .slice(11, 15)
    .reduce((sum, field) => sum + Number(field), 0);
  return (ticks * 1000) / ticksPerSecond;
}

/** How long the main thread of a process has waited for a processor, milliseconds; undefined when it is gone or nobody counts. */
export function processorWaitMsOf(pid: number): number | undefined {
  const waitedNs = readProc(`${pid}/schedstat`).split(' ')[1];
  return waitedNs === undefined ? undefined : Number(waitedNs) / 1e6;
}

/** Whether a signal has stopped a process, which then runs nothing until another lets it go on. */
export function isStopped(pid: number): boolean {
  return statFieldsOf(pid)[0] === 'T';
}

/** How long the processors of the machine have been idle since it started, milliseconds together; undefined without /proc. */
export function idleMsOfMachine(): number | undefined {
  const [all = ''] = readProc('stat').split('\n', 1);
  // The fourth and the fifth number of proc(5): idle, and idle while something waits for a disk.
  const [idle, waiting = 0] = numbersIn(all.replace(/^cpu/, '')).slice(3);
  return idle === undefined ? undefined : ((idle + waiting) * 1000) / ticksPerSecond;
}

/** A file below /proc; empty when it or its process is gone. */
export function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}

/** From the third field of proc(5) on, which is the state; the name before it, in brackets, may hold anything. */
function statFieldsOf(pid: number): string[] {
  const stat = readProc(`${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function numbersIn(text: string): number[] {
  return text.split(' ').filter(Boolean).map(Number);
}
