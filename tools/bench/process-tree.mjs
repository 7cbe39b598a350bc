import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second in /proc/PID/stat; 100 on every Linux we run on. */
const ticksPerSecond = 100;

/** Of every Linux we run on. */
const pageBytes = 4096;

/** CPU time a process and its living descendants have used so far, milliseconds. */
export function treeCpuMs(rootPid) {
  return (sumOverTree(rootPid, 'ticks') / ticksPerSecond) * 1000;
}

/** Resident memory of a process and its living descendants, MiB; pages they share count for each. */
export function treeMemoryMb(rootPid) {
  return (sumOverTree(rootPid, 'pages') * pageBytes) / 1024 / 1024;
}

function sumOverTree(rootPid, fact) {
  const processes = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const facts = statOf(name);
    if (facts) processes.set(Number(name), facts);
  }
  let sum = 0;
  const pending = [rootPid];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    sum += processes.get(pid)?.[fact] ?? 0;
    for (const [child, facts] of processes) if (facts.parent === pid) pending.push(child);
  }
  return sum;
}

function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]), pages: Number(fields[21]) };
  } catch {
    return undefined;
  }
}
