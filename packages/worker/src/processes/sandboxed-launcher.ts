import { chmodSync, existsSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@relais/kit';
import {
  type ControlGroup,
  type ControlGroups,
  type GroupLimits,
  joinsOf,
  tryMakeGroup,
} from '../sandbox/groups/control-group.js';
import { PolledGroup } from '../sandbox/groups/polled-group.js';
import type { Bind, Sandbox, SandboxPolicy } from '../sandbox/sandbox.js';
import { seccompFilter } from '../sandbox/seccomp/filter.js';
import { networkUnavailable } from './failures.js';
import { functionBounds, toolBounds } from './function-bounds.js';
import type { Confinement, LaunchSpec, ProcessLauncher, RootProcess } from './process-launcher.js';
import { Scratch } from './scratch.js';
import { writeSharedFiles } from './shared-files.js';
import { spawnIn } from './spawned-process.js';

export interface SandboxedLauncherOptions {
  /** Private directory for the processes' own directories and shared files; made when needed. The caller removes it. */
  readonly directory: string;
  readonly sandbox: Sandbox;
  /** Starts what is trusted. */
  readonly outside: ProcessLauncher;
  /** Files and directories of ours that every process may read. */
  readonly readable: readonly string[];
  readonly clock: Clock;
  /** Where memory and processes are counted; undefined where the kernel lets us count only by process. */
  readonly groups: ControlGroups | undefined;
}

/** Where processes find shared files, and a fork server its own directory. */
const sharedAt = '/srv/functions';
const forkServerAt = '/run/guests';
const temporary = '/tmp';

const groupsAt = '/run/groups';
const doorsAt = '/run/doors';

/** Starts processes in a sandbox. */
export function createSandboxedLauncher(options: SandboxedLauncherOptions): ProcessLauncher {
  const { sandbox, outside, clock, groups } = options;
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const directory = realpathSync(options.directory);
  const shared = join(directory, 'shared');
  mkdirSync(shared, { recursive: true });
  // Who does not know the name of a directory in it cannot find it, and the names cannot be guessed.
  chmodSync(shared, 0o311);
  const doors = { directory: join(directory, 'doors'), at: doorsAt };
  mkdirSync(doors.directory, { recursive: true });
  chmodSync(doors.directory, 0o311);
  const common = [...bindAll(options.readable), { source: shared, at: sharedAt }];
  const outward = { source: doors.directory, at: doors.at };
  const groupBinds = (groups?.directories ?? []).map((source, at) => ({ source, at: `${groupsAt}/${at}` }));
  const confine = forkPreparer(groups, groupBinds);
  const countFor = (limits: GroupLimits) => tryMakeGroup(groups, limits) ?? new PolledGroup(limits, clock);
  return {
    async launch(spec) {
      if (spec.role === 'trusted') return outside.launch(spec);
      if (spec.egress && !sandbox.loopback) throw networkUnavailable(sandbox.name);
      const scratch = await Scratch.make(directory);
      const group = spec.role === 'forkServer' ? undefined : countFor(limitsOf(spec));
      const policy = policyOf(spec, seesDoors(spec) ? [...common, outward] : common, joinsOf(groups, group));
      const own = policy.nests ? [{ source: scratch.directory, at: forkServerAt }, ...groupBinds] : [];
      const inside = [...counted(spec, group), spec.command, ...spec.args];
      const [command = '', ...args] = sandbox.wrap({ ...policy, writable: [...own, ...policy.writable] }, inside);
      const plan = {
        ...spec,
        command,
        args,
        cwd: '/',
        env: { HOME: temporary, TMPDIR: temporary, ...spec.env },
        exitOf: sandbox.exitOf,
        sharesPids: false,
        group,
        ...(policy.nests ? { confine } : {}),
      };
      return spawnIn(scratch, plan, clock);
    },
    doors,
    async shareFiles(files) {
      const { directory: written, remove } = await writeSharedFiles(shared, files);
      return { directory: written.replace(shared, sharedAt), remove };
    },
  };
}

function policyOf(spec: LaunchSpec, common: readonly Bind[], groups: readonly string[]): SandboxPolicy {
  const nests = spec.role === 'forkServer';
  const written = [...(spec.directory === undefined ? [] : [spec.directory]), ...(spec.writable ?? [])];
  return {
    readable: [...common, ...bindAll(spec.readable ?? [])],
    writable: bindAll(written),
    descriptors: spec.channel ? 4 : 3,
    directory: spec.directory ?? (nests ? forkServerAt : temporary),
    ...functionBounds,
    ...(isTool(spec) ? { fileBytesMax: toolBounds.fileBytesMax } : {}),
    ...(spec.cpuSecondsMax === undefined ? {} : { cpuSecondsMax: spec.cpuSecondsMax }),
    nests,
    groups,
    ...(spec.egress ? { loopback: true } : {}),
  };
}

/** A fork server has them for what it forks. */
function seesDoors({ egress, role }: LaunchSpec): boolean {
  return egress === true || role === 'forkServer';
}

/** Who says no memory is a tool. */
function isTool({ memoryBytesMax }: LaunchSpec): boolean {
  return memoryBytesMax === undefined;
}

function limitsOf(spec: LaunchSpec): GroupLimits {
  return {
    memoryBytesMax: spec.memoryBytesMax ?? toolBounds.memoryBytesMax,
    tasksMax: (isTool(spec) ? toolBounds : functionBounds).tasksMax,
  };
}

const prlimit = '/usr/bin/prlimit';

/**
 * Begins a command inside the sandbox, where the kernel counts the processes of its user namespace alone; empty where a
 * group of the kernel counts them, and for a fork server, which says it of each that it forks.
 */
function counted(spec: LaunchSpec, group: ControlGroup | undefined): string[] {
  if (spec.role === 'forkServer' || group?.joins.length) return [];
  return existsSync(prlimit) ? [prlimit, `--nproc=${limitsOf(spec).tasksMax}`, '--'] : [];
}

function forkPreparer(groups: ControlGroups | undefined, binds: readonly Bind[]): NonNullable<RootProcess['confine']> {
  const filter = seccompFilter({ nests: false, arch: process.arch })?.toString('base64') ?? '';
  const inside = (path: string) =>
    binds.reduce(
      (shown, { source, at }) => (shown.startsWith(`${source}/`) ? at + shown.slice(source.length) : shown),
      path,
    );
  return ({ memoryBytesMax, cpuSecondsMax = 0, egress = false }) => {
    const group = tryMakeGroup(groups, { memoryBytesMax, tasksMax: functionBounds.tasksMax });
    const confinement: Confinement = {
      ...functionBounds,
      filter,
      cpuSecondsMax,
      dataBytesMax: group ? 0 : memoryBytesMax,
      joins: group ? group.joins.map(inside) : [],
      hidden: [forkServerAt, ...binds.map(({ at }) => at), ...(egress ? [] : [doorsAt])],
      loopback: egress,
    };
    return { confinement, group };
  };
}

/** At the places where they are. */
function bindAll(paths: readonly string[]): Bind[] {
  return [...new Set(paths)].map((path) => ({ source: path, at: path }));
}
