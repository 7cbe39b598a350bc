import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlGroup, ControlGroups, GroupHits, GroupLimits } from './control-group.js';
import { countIn, type GroupFiles } from './group-files.js';

/** Directories of the kernel in which groups may be made; the same one twice in version 2. */
export interface GroupRoots {
  readonly memory: string;
  readonly tasks: string;
}

const removalTries = 50;
const removalPauseMs = 20;

/** Control groups below a directory of their own in each root, named `name`. */
export class FileGroups implements ControlGroups {
  readonly kind: string;
  readonly directories: readonly string[];
  readonly #files: GroupFiles;
  readonly #roots: GroupRoots;
  #lastId = 0;

  /** Throws when the kernel does not let us. */
  constructor(files: GroupFiles, roots: GroupRoots, name: string) {
    this.kind = files.kind;
    this.#files = files;
    this.#roots = { memory: join(roots.memory, name), tasks: join(roots.tasks, name) };
    this.directories = [...new Set([this.#roots.memory, this.#roots.tasks])];
    for (const directory of this.directories) mkdirSync(directory, { recursive: true });
    const [first] = this.directories;
    if (this.directories.length === 1 && first) writeFileSync(join(first, 'cgroup.subtree_control'), '+memory +pids');
  }

  make(limits: GroupLimits): ControlGroup {
    this.#lastId++;
    const group = new FileGroup(this.#files, this.#roots, `g${this.#lastId}`, limits);
    return group;
  }

  close(): void {
    for (const directory of this.directories) removeEmpty(directory);
  }
}

class FileGroup implements ControlGroup {
  readonly joins: readonly string[];
  readonly limits: GroupLimits;
  readonly #files: GroupFiles;
  readonly #memory: string;
  readonly #tasks: string;

  constructor(files: GroupFiles, roots: GroupRoots, name: string, limits: GroupLimits) {
    this.limits = limits;
    this.#files = files;
    this.#memory = join(roots.memory, name);
    this.#tasks = join(roots.tasks, name);
    const directories = [...new Set([this.#memory, this.#tasks])];
    for (const directory of directories) mkdirSync(directory);
    const [limit = '', swapLimit] = files.memory.limit;
    writeFileSync(join(this.#memory, limit), String(limits.memoryBytesMax));
    if (swapLimit && existsSync(join(this.#memory, swapLimit))) {
      writeFileSync(join(this.#memory, swapLimit), String(limits.memoryBytesMax));
    }
    writeFileSync(join(this.#tasks, files.tasks.limit), String(limits.tasksMax));
    this.joins = directories.map((directory) => join(directory, 'cgroup.procs'));
  }

  hits(): GroupHits {
    const { memory, tasks } = this.#files;
    return {
      memory: countIn(read(join(this.#memory, memory.events)), 'oom_kill') > 0,
      memoryBytesUsed: Number(read(join(this.#memory, memory.peak))) || 0,
      tasks: countIn(read(join(this.#tasks, tasks.events)), 'max') > 0,
    };
  }

  async remove(): Promise<void> {
    for (const directory of new Set([this.#memory, this.#tasks])) {
      for (let tries = 0; tries < removalTries && !removed(directory); tries++) {
        await new Promise((resolve) => setTimeout(resolve, removalPauseMs));
      }
    }
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** False while a process is in it. */
function removed(directory: string): boolean {
  try {
    rmdirSync(directory);
  } catch {
    return !existsSync(directory);
  }
  return true;
}

/** Removes a group and what is below it, as far as nobody is in them. */
export function removeEmpty(directory: string): void {
  const below = existsSync(directory) ? readdirSync(directory, { withFileTypes: true }) : [];
  for (const entry of below) if (entry.isDirectory()) removeEmpty(join(directory, entry.name));
  removed(directory);
}
