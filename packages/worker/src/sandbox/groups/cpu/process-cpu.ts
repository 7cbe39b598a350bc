import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel counts processor time in, of a second; the same on every Linux that Node runs on. */
const ticksPerSecond = 100;

/**
 * Processor time of a process and all that descends from it, milliseconds: of those that ended too, once their parent has seen
 * it. 0 where there is no /proc.
 */
export function cpuMsBelow(pid: number): number {
  return childrenOf(pid).reduce((sum, child) => sum + cpuMsBelow(child), cpuMsOf(pid));
}

/** Processor time of a process and of its children that it has seen end, milliseconds; 0 when it is gone. */
export function cpuMsOf(pid: number): number {
  // The name, in brackets, may hold blanks; utime, stime, cutime and cstime are the 14th to 17th field.
  const fields = read(`${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return (ticks * 1000) / ticksPerSecond;
}

/**
 * Which process below a root its parent knows by this number, which differs from ours in a namespace of processes; the nearest to
 * the root. Undefined when there is none.
 */
export function pidBelow(root: number, number: number): number | undefined {
  for (let generation = [root]; generation.length > 0; ) {
    const children = generation.flatMap((parent) => {
      const depth = numbersOf(parent).length;
      return childrenOf(parent).map((pid) => ({ pid, known: numbersOf(pid)[depth - 1] }));
    });
    const found = children.find(({ known }) => known === number);
    if (found) return found.pid;
    generation = children.map(({ pid }) => pid);
  }
  return undefined;
}

/** Of a process: in the outermost namespace of processes that we see first, in its own last. */
function numbersOf(pid: number): number[] {
  return numbersIn(/^NSpid:(.*)$/m.exec(read(`${pid}/status`))?.[1] ?? '');
}

/** Processes that any thread of one has started; empty when it is gone. */
export function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) => numbersIn(read(`${pid}/task/${thread}/children`)));
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function numbersIn(text: string): number[] {
  return text.split(/\s+/).filter(Boolean).map(Number);
}

/** A file below /proc; empty when it or its process is gone. */
function read(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}
