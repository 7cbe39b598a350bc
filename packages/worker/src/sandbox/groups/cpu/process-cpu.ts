import { childrenOf, cpuMsOf, descendantsOf, readProc } from '@relais/kit';

/**
 * Processor time of a process and all that descends from it, milliseconds: of those that ended too, once their parent has seen
 * it. 0 where there is no /proc.
 */
export function cpuMsBelow(pid: number): number {
  return descendantsOf(pid).reduce((sum, each) => sum + cpuMsOf(each), cpuMsOf(pid));
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
  const numbers = /^NSpid:(.*)$/m.exec(readProc(`${pid}/status`))?.[1] ?? '';
  return numbers.split(/\s+/).filter(Boolean).map(Number);
}
