import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CpuFiles, groupsIn } from '../group-files.js';
import { processorsIn } from './chosen-processors.js';

/** Which of all the processors some group leaves to others, of all groups that have names like ours below this directory. */
export function processorsLeft(root: string, all: readonly number[], files: CpuFiles): readonly number[] {
  const names = groupsIn(root).filter((name) => name.startsWith('relais-'));
  const groups = names.flatMap((name) => groupsIn(join(root, name)).map((group) => join(root, name, group)));
  const left = new Set<number>();
  for (const group of groups) {
    const chosen = chosenIn(join(group, files.processors.chosen));
    // It has chosen none, or is gone.
    if (chosen.length > 0) for (const each of all) if (!chosen.includes(each)) left.add(each);
  }
  return [...left];
}

function chosenIn(path: string): number[] {
  try {
    return processorsIn(readFileSync(path, 'utf8'));
  } catch {
    return [];
  }
}
