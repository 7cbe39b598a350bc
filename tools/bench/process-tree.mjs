import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second in /proc/PID/stat; 100 on every Linux we run on. */
const ticksPerSecond = 100;

/** CPU time a process and its living descendants have used so far, milliseconds. */
export function treeCpuMs(rootPid) {
  return (sumOverTree(rootPid, 'ticks') / ticksPerSecond) * 1000;
}

/** Memory of a process and its living descendants, MiB; a page that processes share counts in parts. */
export function treeMemoryMb(rootPid) {
  return sumOverTree(rootPid, 'pssKb') / 1024;
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
    sum += (fact === 'pssKb' ? pssKbOf(pid) : processes.get(pid)?.[fact]) ?? 0;
    for (const [child, facts] of processes) if (facts.parent === pid) pending.push(child);
  }
  return sum;
}

function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined;
  }
}

/** 0 for a process that has just ended. */
function pssKbOf(pid) {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
