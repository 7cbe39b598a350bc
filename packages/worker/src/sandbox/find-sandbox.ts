import { type StdioOptions, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutable } from '../processes/executables.js';
import { bubblewrap } from './bubblewrap.js';
import { noSandbox } from './none.js';
import type { Sandbox, SandboxName, SandboxPolicy } from './sandbox.js';
import { unshareSandbox } from './unshare.js';

export interface FindOptions {
  /** Private directory for what a sandbox needs; made when needed. The caller removes it. */
  readonly directory: string;
  /** Where bwrap and the programs of util-linux are looked for, like PATH. */
  readonly searchPath: string;
}

/** What became of looking for a sandbox. */
export interface SandboxFinding {
  readonly sandbox: Sandbox;
  /** Why each stronger one was passed over, and how that is mended; empty when the strongest works. */
  readonly missing: readonly string[];
}

const strongestFirst: readonly SandboxName[] = ['bubblewrap', 'unshare'];
const trialBudgetMs = 20_000;

/** The strongest sandbox that works here, found by running a program in each; "none" when none does. Never rejects. */
export async function findSandbox(options: FindOptions): Promise<SandboxFinding> {
  const missing: string[] = [];
  for (const name of strongestFirst) {
    const found = await trySandbox(name, options);
    if (typeof found !== 'string') return { sandbox: found, missing };
    missing.push(found);
  }
  return { sandbox: noSandbox, missing };
}

/** One sandbox by name, when it works here; else why it does not, and how that is mended. Never rejects. */
export async function trySandbox(name: SandboxName, options: FindOptions): Promise<Sandbox | string> {
  try {
    const sandbox = await makeSandbox(name, options);
    if (typeof sandbox === 'string' || !sandbox.confines) return sandbox;
    const failure = await trial(sandbox);
    return failure === undefined ? sandbox : `${name} does not work here: ${failure}. ${adviceOn(failure)}`;
  } catch (error) {
    return `${name} does not work here: ${String(error)}`;
  }
}

/** A sandbox that was seen to work. Rejects when what it needs is gone. */
export async function openSandbox(name: SandboxName, options: FindOptions): Promise<Sandbox> {
  const sandbox = await makeSandbox(name, options);
  if (typeof sandbox === 'string') throw new Error(sandbox);
  return sandbox;
}

async function makeSandbox(name: SandboxName, { directory, searchPath }: FindOptions): Promise<Sandbox | string> {
  if (name === 'none') return noSandbox;
  const own = join(directory, name);
  mkdirSync(own, { recursive: true, mode: 0o755 });
  const find = (tool: string) => findExecutable(tool, `${searchPath}:/usr/sbin:/sbin`);
  if (name === 'bubblewrap') {
    const bwrap = await find('bwrap');
    if (!bwrap) return 'bubblewrap is not installed: apt-get install bubblewrap';
    return bubblewrap(bwrap, { directory: own, arch: process.arch });
  }
  const tools = ['unshare', 'setpriv', 'mount', 'umount', 'pivot_root'];
  const [unshare, setpriv, mount, umount, pivotRoot] = await Promise.all(tools.map(find));
  if (!unshare || !setpriv || !mount || !umount || !pivotRoot) {
    return `util-linux is not complete (${tools.join(', ')}): apt-get install util-linux mount`;
  }
  const ip = await find('ip');
  return unshareSandbox({ unshare, setpriv, mount, umount, pivotRoot, ip }, { directory: own });
}

/** As little as a process can have. */
export const trialPolicy: SandboxPolicy = {
  readable: [],
  writable: [],
  directory: '/tmp',
  descriptors: 3,
  tmpBytesMax: 1024 * 1024,
  filesMax: 64,
  fileBytesMax: 1024 * 1024,
  nests: false,
  groups: [],
};
/** A descriptor that the trial is started with and must not have. */
const strayFd = 12;
// What works is what keeps its promise: nothing of the machine's own settings, no right to change the tree, no open file.
const trialScript = `[ ! -e /etc/shadow ] && [ -d /proc/1 ] && [ ! -e /proc/self/fd/${strayFd} ] && ! (: >/usr/relais) 2>/dev/null && echo confined`;

/** Undefined when a program ran confined; else what was said instead. */
function trial(sandbox: Sandbox): Promise<string | undefined> {
  const [command = '', ...args] = sandbox.wrap(trialPolicy, ['/bin/sh', '-c', trialScript]);
  return new Promise((resolve) => {
    const unused = Array(strayFd - 3).fill('ignore');
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...unused, 'pipe'];
    const child = spawn(command, args, { stdio, env: {}, timeout: trialBudgetMs });
    const said = { stdout: '', stderr: '' };
    child.stdout?.on('data', (chunk: Buffer) => {
      said.stdout += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      said.stderr += chunk.toString();
    });
    child.on('error', (error) => resolve(String(error)));
    child.on('close', (code) => {
      const confined = code === 0 && said.stdout.includes('confined');
      resolve(confined ? undefined : said.stderr.trim().slice(-300) || `exit code ${code}`);
    });
  });
}

function adviceOn(failure: string): string {
  if (!/permission|not permitted|denied/i.test(failure)) return 'See docs/security.md.';
  return (
    'User namespaces may be switched off: sysctl kernel.unprivileged_userns_clone=1 (Debian), ' +
    'kernel.apparmor_restrict_unprivileged_userns=0 or an AppArmor profile for bwrap (Ubuntu 23.10 and later); ' +
    'a container needs --security-opt seccomp=unconfined --security-opt systempaths=unconfined.'
  );
}
