import { readdirSync, readFileSync } from 'node:fs';
import { descendantPids } from '../../runtimes/conformance/support.js';

/** Fork servers among the descendants of this process. */
export function serverPids(): number[] {
  return [...descendantPids()].filter((pid) => /fork_server\.\w+\0$/.test(commandOf(pid)) && isServer(pid));
}

/** What it forks has the same command line. */
function isServer(pid: number): boolean {
  return !/fork_server/.test(commandOf(parentOf(pid)));
}

/** The only fork server; throws when there is none or another. */
export function serverPid(): number {
  const [pid, ...others] = serverPids();
  if (pid === undefined || others.length > 0) throw new Error(`expected one fork server, not ${others.length + 1}`);
  return pid;
}

/** Who runs "sleep SECONDS". */
export function sleepers(seconds: string): number[] {
  return pids().filter((pid) => commandOf(pid) === `sleep\0${seconds}\0`);
}

/** Whose command line has this in it. */
export function pidsWith(text: string): number[] {
  return pids().filter((pid) => commandOf(pid).includes(text));
}

function pids(): number[] {
  return readdirSync('/proc').map(Number).filter(Boolean);
}

/** Zombies count. */
export function childrenOf(parent: number): number[] {
  return pids().filter((pid) => parentOf(pid) === parent);
}

function parentOf(pid: number): number {
  const stat = readProc(`${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** With a NUL after every word; empty when it is gone. */
export function commandOf(pid: number): string {
  return readProc(`${pid}/cmdline`);
}

export function descriptors(pid: number | 'self'): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}
