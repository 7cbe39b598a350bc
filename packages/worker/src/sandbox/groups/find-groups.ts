import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@relais/kit';
import type { ControlGroups } from './control-group.js';
import { alsoHandOn, delegatedPath, openGroup } from './delegated-group.js';
import { FileGroups, type FileGroupsOptions, type GroupRoots, removeWithAll } from './file-groups.js';
import { type GroupFiles, version1, version2 } from './group-files.js';
import { outsideOwnGroup } from './own-group.js';

const mounted = '/sys/fs/cgroup';
const prefix = 'relais-';
const trialLimits = { memoryBytesMax: 16 * 1024 * 1024, tasksMax: 8 };

interface Place {
  readonly files: GroupFiles;
  readonly roots: GroupRoots;
  readonly open: () => void;
}

/**
 * Control groups for memory and processes, and for processor time where that is ours to share out too, where the kernel lets
 * this process make them: found by making one. Undefined when there are none. Ends and takes away what processes that are gone have
 * left. Only with a clock they share processor time out, as FileGroups says.
 */
export function findGroups(
  pid: number,
  tag: string,
  clock?: Clock,
  options: Pick<FileGroupsOptions, 'anyLight'> = {},
): ControlGroups | undefined {
  const own = readFileSync('/proc/self/cgroup', 'utf8');
  for (const { files, roots, open } of [...placesOfVersion1(own), ...placesOfVersion2(own)]) {
    try {
      open();
      for (const root of new Set([roots.memory, roots.tasks, ...cpuRootsOf(roots)])) removeStale(root);
      const groups = new FileGroups({ files, roots, name: `${prefix}${pid}-${tag}`, clock, ...options });
      void groups.make(trialLimits).remove();
      return groups;
    } catch {
      // Not ours to use: the next.
    }
  }
  return undefined;
}

function cpuRootsOf({ cpu }: GroupRoots): string[] {
  return [cpu?.shares, cpu?.usage, cpu?.processors].filter((root) => root !== undefined);
}

/** With processor time, and without. */
function placesOfVersion1(own: string): Place[] {
  const rootOf = (controller: string) => {
    const line = own.split('\n').find((text) => text.split(':')[1]?.split(',').includes(controller));
    return line && outsideOwnGroup(join(mounted, controller, line.split(':').slice(2).join(':')));
  };
  const [memory, tasks, shares, usage, set] = ['memory', 'pids', 'cpu', 'cpuacct', 'cpuset'].map(rootOf);
  if (!memory || !tasks) return [];
  const place = (cpu: GroupRoots['cpu']) => ({ files: version1, roots: { memory, tasks, cpu }, open: () => {} });
  const known = shares && usage && existsSync(shares) && existsSync(usage);
  // They may be mounted together.
  const processors = set && existsSync(set) ? set : undefined;
  const cpu = known
    ? { shares: realpathSync(shares), usage: realpathSync(usage), beside: true, processors }
    : undefined;
  return cpu ? [place(cpu), place(undefined)] : [place(undefined)];
}

/** Our own group, where it was delegated, and the highest that can be seen; each with processor time, and without. */
function placesOfVersion2(own: string): Place[] {
  if (!existsSync(join(mounted, 'cgroup.controllers'))) return [];
  const path = delegatedPath(/^0::(.*)$/m.exec(own)?.[1] ?? '/');
  return [...new Set([path, '/'])].flatMap((place) => {
    const root = join(mounted, place);
    return [true, false].map((sharesCpu) => ({
      files: version2,
      roots: {
        memory: root,
        tasks: root,
        cpu: sharesCpu ? { shares: root, usage: root, beside: false, processors: root } : undefined,
      },
      open: () => {
        openGroup(root, place, sharesCpu ? ['memory', 'pids', 'cpu'] : ['memory', 'pids']);
        if (sharesCpu) alsoHandOn(root, 'cpuset');
      },
    }));
  });
}

function removeStale(root: string): void {
  for (const name of readdirSync(root)) {
    const pid = /^relais-(\d+)-/.exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) removeWithAll(join(root, name));
  }
}
