import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const repositoryRoot = join(import.meta.dirname, '../../../..');
const readyMsMax = 30_000;

/** One `relais up` as a user starts it. */
export interface RoleProcess {
  readonly pid: number;
  /** What follows "relais ready" on its ready line. */
  readonly ready: string;
  /** Everything it wrote to standard error so far. */
  readonly log: () => string;
  readonly exited: Promise<number | null>;
  signal(signal: NodeJS.Signals): void;
}

/**
 * Starts `relais up` with flags and resolves at its ready line; rejects with its log when it ends before. `path` is where
 * it looks for toolchains.
 */
export function startRelais(flags: readonly string[], path = process.env.PATH): Promise<RoleProcess> {
  const main = join(repositoryRoot, 'packages/cli/dist/main.js');
  const child = spawn(process.execPath, [main, 'up', ...flags], {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: path, HOME: process.env.HOME },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`not ready within ${readyMsMax} ms:\n${log}`));
    }, readyMsMax);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /^relais ready (.*)$/.exec(line)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(handle(child, found, () => log, exited));
    });
    void exited.then((code) => {
      clearTimeout(timer);
      reject(new Error(`ended with code ${code} before it was ready:\n${log}`));
    });
  });
}

function handle(child: ChildProcess, ready: string, log: () => string, exited: Promise<number | null>): RoleProcess {
  return { pid: child.pid ?? 0, ready, log, exited, signal: (signal) => child.kill(signal) };
}

/** A process and all its living descendants, from /proc. */
export function processTree(rootPid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(name);
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const tree = [rootPid];
  for (let index = 0; index < tree.length; index++) {
    for (const [pid, parent] of parents) if (parent === tree[index]) tree.push(pid);
  }
  return tree;
}

/** Whether a process exists and is not a zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Far more than it takes to receive calls, so that a worker that has used it runs one. */
export const loopingTicks = 20;

/** Processor time that a process has used, in ticks of 10 ms. */
export function cpuTicks(pid: number): number {
  // The name, in brackets, may hold blanks; utime and stime are the 14th and 15th field.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}
