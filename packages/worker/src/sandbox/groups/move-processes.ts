import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const roundsMax = 10;

/** Moves every process of one control group, with all its threads, to another. Throws when they cannot be moved. */
export function moveProcesses(from: string, to: string): void {
  for (let round = 0; round < roundsMax; round++) {
    const pids = wordsIn(join(from, 'cgroup.procs'));
    if (pids.length === 0) return;
    for (const pid of pids) move(pid, to);
  }
  throw new Error(`the processes of ${from} cannot be moved`);
}

function move(pid: string, to: string): void {
  try {
    writeFileSync(join(to, 'cgroup.procs'), pid);
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** What a file of the kernel says, in words. */
export function wordsIn(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split(/\s+/)
    .filter((word) => word !== '');
}
