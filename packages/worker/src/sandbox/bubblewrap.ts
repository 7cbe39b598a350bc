import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitBehindShell } from './exit-status.js';
import { launchShell, limitingScript, quoted } from './launch-script.js';
import type { Sandbox, SandboxPolicy } from './sandbox.js';
import { seccompFilter } from './seccomp/filter.js';
import { type SystemTree, systemTree } from './system-tree.js';

export interface SandboxOptions {
  /** Private directory for what the sandbox itself needs; made when needed. The caller removes it. */
  readonly directory: string;
  /** As process.arch has it. */
  readonly arch: string;
}

/** User and group as a process sees itself. */
const ownId = '1000';

/** Processes in bubblewrap, `bwrap` being where that is. Throws when the directory cannot be written. */
export function bubblewrap(bwrap: string, { directory, arch }: SandboxOptions): Sandbox {
  const shell = launchShell();
  const tree = systemTree(join(directory, 'etc'));
  const filters = new Map([true, false].map((nests) => [nests, filterFile(directory, arch, nests)]));
  return {
    name: 'bubblewrap',
    confines: true,
    filters: filters.get(false) !== undefined,
    loopback: true,
    wrap(policy, command) {
      const filter = filters.get(policy.nests);
      const script = `${limitingScript(policy)}exec "$@"${filter ? ` 9<${quoted(filter)}` : ''}`;
      const seccomp = filter ? ['--seccomp', '9'] : [];
      return [...shell, script, 'sh', bwrap, ...namespaces, ...treeArgs(tree, policy), ...seccomp].concat(
        policy.nests ? nesting : ownGroups,
        ['--chdir', policy.directory, '--'],
        command,
      );
    },
    exitOf: exitBehindShell,
  };
}

function filterFile(directory: string, arch: string, nests: boolean): string | undefined {
  const filter = seccompFilter({ nests, arch });
  if (!filter) return undefined;
  const path = join(directory, nests ? 'nesting.bpf' : 'filter.bpf');
  writeFileSync(path, filter, { mode: 0o444 });
  return path;
}

const namespaces = [
  ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-net'],
  ...['--uid', ownId, '--gid', ownId, '--hostname', 'relais', '--die-with-parent'],
];
/** Not for who has others join groups, which the kernel forbids from inside such a namespace. */
const ownGroups = ['--unshare-cgroup-try'];
/** For its own namespaces, not for those of the machine. */
const nesting = ['CAP_SYS_ADMIN', 'CAP_SETPCAP', 'CAP_NET_ADMIN'].flatMap((name) => ['--cap-add', name]);

// No --dev: it would put a second user namespace between the process and its mounts, and bring terminals.
function treeArgs({ binds, links, devices }: SystemTree, policy: SandboxPolicy): string[] {
  return [
    ...binds.flatMap(({ source, at }) => ['--ro-bind', source, at]),
    ...devices.flatMap((path) => ['--dev-bind-try', path, path]),
    ...links.flatMap(({ at, target }) => ['--symlink', target, at]),
    ...['--proc', '/proc'],
    ...['--perms', '1777', '--size', String(policy.tmpBytesMax), '--tmpfs', '/tmp'],
    ...policy.readable.flatMap(({ source, at }) => ['--ro-bind', source, at]),
    ...policy.writable.flatMap(({ source, at }) => ['--bind', source, at]),
    ...['--remount-ro', '/'],
  ];
}
