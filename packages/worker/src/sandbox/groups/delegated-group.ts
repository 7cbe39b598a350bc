import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Where the processes of a delegated group are, since it may not hold any itself. */
const leafName = 'supervisor';
/** Whatever functions compute, the platform's own processes come first; each worker's functions have 33 together. */
const leafWeight = '300';
const roundsMax = 10;

/** The path of the group that was delegated, from that of the group this process is in. */
export function delegatedPath(own: string): string {
  return basename(own) === leafName ? dirname(own) : own;
}

/**
 * Makes a group of version 2 hand these controllers on to the groups below it. The kernel wants no process in such a group,
 * so all of it move to one below. Throws when the group is not ours: it has not the controllers, others are in it, or the
 * kernel refuses.
 */
export function openGroup(root: string, path: string, controllers: readonly string[]): void {
  const missing = controllers.filter((name) => !wordsIn(join(root, 'cgroup.subtree_control')).includes(name));
  if (missing.length === 0) return;
  const offered = wordsIn(join(root, 'cgroup.controllers'));
  if (!missing.every((name) => offered.includes(name))) throw new Error(`${root} has not all of ${missing.join()}`);
  if (mayNotHoldProcesses(root)) {
    if (!isWholeService(path)) throw new Error(`${root} is not of this service alone`);
    moveAll(root);
  }
  writeFileSync(join(root, 'cgroup.subtree_control'), missing.map((name) => `+${name}`).join(' '));
  const weight = join(root, leafName, 'cpu.weight');
  if (existsSync(weight)) writeFileSync(weight, leafWeight);
}

/** All but the highest of the machine, which alone has no type. */
function mayNotHoldProcesses(root: string): boolean {
  return existsSync(join(root, 'cgroup.type'));
}

/** Of a service of systemd, or the highest that a container sees: whoever else is in it was started for us. */
function isWholeService(path: string): boolean {
  return path === '/' || path.endsWith('.service');
}

function moveAll(root: string): void {
  const leaf = join(root, leafName);
  mkdirSync(leaf, { recursive: true });
  for (let round = 0; round < roundsMax; round++) {
    const pids = wordsIn(join(root, 'cgroup.procs'));
    if (pids.length === 0) return;
    for (const pid of pids) move(pid, leaf);
  }
  throw new Error(`the processes of ${root} cannot be moved`);
}

function move(pid: string, leaf: string): void {
  try {
    writeFileSync(join(leaf, 'cgroup.procs'), pid);
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function wordsIn(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split(/\s+/)
    .filter((word) => word !== '');
}
