import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SandboxOptions } from './bubblewrap.js';
import { exitBehindShell } from './exit-status.js';
import { launchShell, limitingScript, quoted } from './launch-script.js';
import type { Bind, Sandbox, SandboxPolicy } from './sandbox.js';
import { type SystemTree, systemTree } from './system-tree.js';

/** The programs of util-linux it takes; absolute paths. */
export interface UtilLinux {
  readonly unshare: string;
  readonly setpriv: string;
  readonly mount: string;
  readonly umount: string;
  readonly pivotRoot: string;
  /** Of iproute2; without it loopback stays off. */
  readonly ip: string | undefined;
}

const namespaces = ['--user', '--map-root-user', '--mount', '--pid', '--net', '--ipc', '--uts'];
/** Not for who has others join groups, which the kernel forbids from inside such a namespace. */
const ownGroups = ['--cgroup'];
const dieTogether = ['--fork', '--kill-child=KILL', '--propagation', 'private'];
const powerless = ['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all', '--'];

/**
 * Processes in namespaces made by util-linux alone. A shell puts the tree together, so a start takes longer than with
 * bubblewrap, and system calls are filtered only in what fork servers fork.
 */
export function unshareSandbox(tools: UtilLinux, { directory }: Pick<SandboxOptions, 'directory'>): Sandbox {
  const shell = launchShell();
  const tree = systemTree(join(directory, 'etc'));
  const root = emptyTree(join(directory, 'root'), tree);
  return {
    name: 'unshare',
    confines: true,
    filters: false,
    loopback: tools.ip !== undefined,
    wrap(policy, command) {
      for (const bind of [...policy.readable, ...policy.writable]) makePlace(root, bind);
      const outside = `${limitingScript(policy)}exec "$@"`;
      const inside = enteringScript(tools, mountTable(root, tree, policy), root, policy);
      const own = policy.nests ? [] : ownGroups;
      const dying = [tools.setpriv, '--pdeathsig', 'KILL', '--'];
      const unshare = [...dying, tools.unshare, ...namespaces, ...own, ...dieTogether, '--'];
      const drop = policy.nests ? [] : [tools.setpriv, ...powerless];
      return [...shell, outside, 'sh', ...unshare, '/bin/sh', '-c', inside, 'sh', ...drop, ...command];
    },
    exitOf: exitBehindShell,
  };
}

/** Places for what is mounted, and the links: all that a sandbox's own root holds. */
function emptyTree(root: string, { binds, devices, links }: SystemTree): string {
  if (existsSync(root)) return root;
  for (const name of ['proc', 'tmp', 'dev', 'etc', '.old']) mkdirSync(join(root, name), { recursive: true });
  for (const bind of binds) makePlace(root, bind);
  for (const path of devices) makePlace(root, { source: path, at: path });
  for (const { at, target } of links) symlinkSync(target, join(root, at));
  return root;
}

function makePlace(root: string, { source, at }: Bind): void {
  // What lies in /tmp gets its place when that is mounted.
  if (at.startsWith('/tmp/')) return;
  const place = join(root, at);
  if (existsSync(place)) return;
  mkdirSync(dirname(place), { recursive: true });
  if (statSync(source).isDirectory()) mkdirSync(place);
  else writeFileSync(place, '');
}

/** In the form of fstab(5), in the order of mounting. */
function mountTable(root: string, tree: SystemTree, policy: SandboxPolicy): string {
  const place = (at: string) => escaped(join(root, at));
  const readOnly = ({ source, at }: Bind) => `${escaped(source)} ${place(at)} none rbind,ro,X-mount.mkdir`;
  return [
    ...tree.binds.map(readOnly),
    ...tree.devices.map((path) => `${path} ${place(path)} none bind`),
    `proc ${place('/proc')} proc nosuid,nodev,noexec`,
    `tmp ${place('/tmp')} tmpfs nosuid,nodev,mode=1777,size=${policy.tmpBytesMax}`,
    ...policy.readable.filter(inTable).map(readOnly),
    ...policy.writable
      .filter(inTable)
      .map(({ source, at }) => `${escaped(source)} ${place(at)} none rbind,X-mount.mkdir`),
    '',
  ].join('\n');
}

/** mount makes a place only for directories, and what it would need in /tmp is not there before that is mounted. */
function inTable({ source, at }: Bind): boolean {
  return !at.startsWith('/tmp/') || statSync(source).isDirectory();
}

/** Lines that bind the files of a policy that lie in /tmp, as when this program itself is installed there. */
function bindsOfFilesInTmp(mount: string, root: string, { readable, writable }: SandboxPolicy): string[] {
  const bound = ({ source, at }: Bind) => {
    const place = quoted(join(root, at));
    return [`mkdir -p ${quoted(dirname(join(root, at)))}`, `: >${place}`, `${mount} --bind ${quoted(source)} ${place}`];
  };
  const outsideTable = (bind: Bind) => !inTable(bind);
  return [
    ...readable
      .filter(outsideTable)
      .flatMap((bind) => [...bound(bind), `${mount} -o remount,bind,ro ${quoted(join(root, bind.at))}`]),
    ...writable.filter(outsideTable).flatMap(bound),
  ];
}

function escaped(path: string): string {
  return path.replace(/[\\ \t\n]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/** The shell stays as process 1: it ends everything when the command ends, and holds none of its streams open. */
function enteringScript(tools: UtilLinux, table: string, root: string, policy: SandboxPolicy): string {
  const mount = `${quoted(tools.mount)} --no-mtab`;
  const proc = join(root, 'proc');
  return [
    'set -e',
    `${mount} --bind ${quoted(root)} ${quoted(root)}`,
    // The table must be a file, and /proc is about to be covered.
    `${mount} -t tmpfs table ${quoted(proc)}`,
    `printf %s ${quoted(table)} >${quoted(`${proc}/table`)}`,
    `${mount} --all --fstab ${quoted(`${proc}/table`)}`,
    ...bindsOfFilesInTmp(mount, root, policy),
    ...(policy.loopback && tools.ip ? [`${quoted(tools.ip)} link set lo up`] : []),
    `cd ${quoted(root)}`,
    `${quoted(tools.pivotRoot)} . .old`,
    `${quoted(tools.umount)} -n -l /.old`,
    `${mount} -o remount,bind,ro /`,
    ...(policy.nests ? [] : ['echo 0 >/proc/sys/user/max_user_namespaces']),
    'hostname relais',
    `cd ${quoted(policy.directory)}`,
    'set +e',
    // What runs in the background would get /dev/null for its standard input.
    'exec 8<&0',
    '"$@" <&8 8<&- &',
    'exec <&- >&- 2>&- 3>&- 4>&- 8<&-',
    'wait $!',
    'exit $?',
  ].join('\n');
}
