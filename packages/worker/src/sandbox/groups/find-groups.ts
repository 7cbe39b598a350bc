import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlGroups } from './control-group.js';
import { delegatedPath, openGroup } from './delegated-group.js';
import { FileGroups, type GroupRoots, removeEmpty } from './file-groups.js';
import { version1, version2 } from './group-files.js';

const mounted = '/sys/fs/cgroup';
const prefix = 'relais-';
const trialLimits = { memoryBytesMax: 16 * 1024 * 1024, tasksMax: 8 };

/**
 * Control groups for memory and processes, where the kernel lets this process make them: found by making one. Undefined when
 * there are none. Takes away what processes that are gone have left.
 */
export function findGroups(pid: number, tag: string): ControlGroups | undefined {
  const own = readFileSync('/proc/self/cgroup', 'utf8');
  for (const { files, roots, open } of [...placesOfVersion1(own), ...placesOfVersion2(own)]) {
    try {
      open();
      for (const root of new Set([roots.memory, roots.tasks])) removeStale(root);
      const groups = new FileGroups(files, roots, `${prefix}${pid}-${tag}`);
      void groups.make(trialLimits).remove();
      return groups;
    } catch {
      // Not ours to use: the next.
    }
  }
  return undefined;
}

function placesOfVersion1(own: string) {
  const rootOf = (controller: string) => {
    const line = own.split('\n').find((text) => text.split(':')[1]?.split(',').includes(controller));
    return line === undefined ? undefined : join(mounted, controller, line.split(':').slice(2).join(':'));
  };
  const [memory, tasks] = [rootOf('memory'), rootOf('pids')];
  return memory && tasks ? [{ files: version1, roots: { memory, tasks } satisfies GroupRoots, open: () => {} }] : [];
}

/** Our own group, where it was delegated, and the highest that can be seen. */
function placesOfVersion2(own: string) {
  if (!existsSync(join(mounted, 'cgroup.controllers'))) return [];
  const path = delegatedPath(/^0::(.*)$/m.exec(own)?.[1] ?? '/');
  return [...new Set([path, '/'])].map((place) => {
    const root = join(mounted, place);
    const open = () => openGroup(root, place, ['memory', 'pids']);
    return { files: version2, roots: { memory: root, tasks: root }, open };
  });
}

function removeStale(root: string): void {
  for (const name of readdirSync(root)) {
    const pid = /^relais-(\d+)-/.exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) removeEmpty(join(root, name));
  }
}
