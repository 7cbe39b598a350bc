import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Clock, descendantsOf } from '@relais/kit';
import {
  type ControlGroup,
  type ControlGroups,
  joinsOf,
  type Sandbox,
  type SandboxPolicy,
  tryMakeGroup,
} from '@relais/worker';
import type { WorkerPlan } from './worker-spec.js';

/** How a worker that holds nothing but WASM is kept from the machine: it has no network and one directory of sockets. */
export interface WorkerConfinement {
  readonly sandbox: Sandbox;
  readonly socketDirectory: string;
  /** Where it finds its peers in that directory. */
  readonly peers: Pick<WorkerPlan, 'balancerAddress' | 'storageAddress'>;
  /** Where its memory is counted; undefined where the kernel gives us no control groups. */
  readonly groups: ControlGroups | undefined;
  /** The same for the process of its threads, with groups that go last when they use much of the processors. */
  readonly threadGroups: ControlGroups | undefined;
}

const mebibyte = 1024 * 1024;
/** Where a confined worker may write, and does not need to. */
const temporary = '/tmp';

/**
 * What a worker of WASM may have: what it keeps loaded, the largest memory a function may ask for, and node itself. It is
 * to end before the machine does, not to be short.
 */
const groupLimits = { memoryBytesMax: 6 * 1024 * mebibyte, tasksMax: 512 };

/**
 * Ctrl-C reaches the whole process group. The worker itself takes no notice, but what it was put into the sandbox by would end,
 * and it with that.
 */
const deafToInterrupts = ['/bin/sh', '-c', 'trap "" INT; exec "$@"', 'sh'];

/** A control group for one confined worker; a worker without one is better than none. */
export function groupOf(groups: ControlGroups | undefined): ControlGroup | undefined {
  return tryMakeGroup(groups, groupLimits);
}

/** What sets one process of a confined worker apart from another. */
export interface ConfinedProcess {
  readonly group: ControlGroup | undefined;
  /** It has those below this number. */
  readonly descriptors: number;
  /** It may connect to the sockets of its peers. */
  readonly reachesPeers: boolean;
}

/** The command line of a confined process. */
export function confinedCommand(
  { groups, sandbox, socketDirectory }: WorkerConfinement,
  command: readonly string[],
  { descriptors, group, reachesPeers }: ConfinedProcess,
): string[] {
  const code = [process.execPath, ...codeAround(import.meta.dirname)];
  const readable = reachesPeers ? [...code, socketDirectory] : code;
  const policy: SandboxPolicy = {
    readable: readable.map((path) => ({ source: path, at: path })),
    writable: [],
    directory: temporary,
    descriptors,
    tmpBytesMax: 16 * mebibyte,
    filesMax: 4096,
    fileBytesMax: 16 * mebibyte,
    nests: false,
    groups: joinsOf(groups, group),
  };
  return [...deafToInterrupts, ...sandbox.wrap(policy, command)];
}

/** What a confined worker is told otherwise than its plan says. */
export function confinedPlan(plan: WorkerPlan, { peers }: WorkerConfinement): WorkerPlan {
  return { ...plan, ...peers, cacheDirectory: temporary };
}

/** The packages that a file of ours can load: every node_modules above it, and those of ours that these link to. */
function codeAround(directory: string): string[] {
  const modules = ancestors(directory)
    .map((ancestor) => join(ancestor, 'node_modules'))
    .filter((path) => existsSync(path));
  const own = modules.flatMap((path) => {
    const scope = join(path, '@relais');
    return existsSync(scope) ? readdirSync(scope).map((name) => realpathSync(join(scope, name))) : [];
  });
  const parts = own.flatMap((path) => ['package.json', 'dist', 'node_modules'].map((name) => join(path, name)));
  return [...new Set([...modules, ...parts])].filter((path) => existsSync(path));
}

function ancestors(directory: string): string[] {
  const parent = dirname(directory);
  return parent === directory ? [directory] : [directory, ...ancestors(parent)];
}

const lookMs = 5;
const looksMax = 1000;

/**
 * The process that runs node below a sandbox's own processes, which are `outer` and what it starts. Resolves with `outer`
 * when it is not to be found, for example because that has ended.
 */
export async function innerPid(outer: number, clock: Clock): Promise<number> {
  const node = realpathSync(process.execPath);
  for (let look = 0; look < looksMax && existsSync(`/proc/${outer}`); look++) {
    const found = descendantsOf(outer).find((pid) => executableOf(pid) === node);
    if (found !== undefined) return found;
    await new Promise<void>((resolve) => clock.after(lookMs, resolve));
  }
  return outer;
}

function executableOf(pid: number): string {
  try {
    return realpathSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}
