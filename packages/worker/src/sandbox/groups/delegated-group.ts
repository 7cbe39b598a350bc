import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { moveProcesses, wordsIn } from './move-processes.js';

/** Where the processes of a delegated group are, since it may not hold any itself. */
const leafName = 'supervisor';
/** Whatever functions compute, the platform's own processes come first; each worker's functions have 33 together. */
const leafWeight = '300';

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
    const leaf = join(root, leafName);
    mkdirSync(leaf, { recursive: true });
    moveProcesses(root, leaf);
  }
  writeFileSync(join(root, 'cgroup.subtree_control'), missing.map((name) => `+${name}`).join(' '));
  const weight = join(root, leafName, 'cpu.weight');
  if (existsSync(weight)) writeFileSync(weight, leafWeight);
}

/** The same for one that is not needed, where it is offered. */
export function alsoHandOn(root: string, controller: string): void {
  try {
    writeFileSync(join(root, 'cgroup.subtree_control'), `+${controller}`);
  } catch {
    // Without it, then.
  }
}

/** All but the highest of the machine, which alone has no type. */
function mayNotHoldProcesses(root: string): boolean {
  return existsSync(join(root, 'cgroup.type'));
}

/** Of a service of systemd, or the highest that a container sees: whoever else is in it was started for us. */
function isWholeService(path: string): boolean {
  return path === '/' || path.endsWith('.service');
}
