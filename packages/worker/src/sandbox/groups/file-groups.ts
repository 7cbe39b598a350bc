import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Clock, cpuMsOf, processorWaitMsOf } from '@relais/kit';
import type { ControlGroup, ControlGroups, GroupHits, GroupLimits } from './control-group.js';
import { ChosenProcessors, processorsIn } from './cpu/chosen-processors.js';
import { CpuPart, usedMsIn } from './cpu/cpu-part.js';
import { FairCpu } from './cpu/fair-cpu.js';
import { processorsLeft } from './cpu/processors-left.js';
import { type CpuFiles, countIn, type GroupFiles, groupsIn } from './group-files.js';
import { OwnGroup } from './own-group.js';

/** Directories of the kernel in which groups may be made; the same one several times in version 2. */
export interface GroupRoots {
  readonly memory: string;
  readonly tasks: string;
  /** Undefined where processor time is not ours to share out. */
  readonly cpu: CpuRoots | undefined;
}

export interface CpuRoots {
  readonly shares: string;
  readonly usage: string;
  /**
   * Whether groups lie in `shares` itself: beside the processes of the platform and in turn with them one by one, not all
   * together. Elsewhere they lie in a directory of their own, as in the other roots.
   */
  readonly beside: boolean;
  /** Where it can be said which processors a group may use; undefined where that is not ours to say. */
  readonly processors?: string | undefined;
}

export interface FileGroupsOptions {
  readonly files: GroupFiles;
  readonly roots: GroupRoots;
  /** Begins the name of everything that is made. */
  readonly name: string;
  /**
   * Groups share processor time out too, and those that use much yield, looked at by this clock. Undefined: nobody looks, and they
   * keep the weight for such groups, or for processor time stay where they are.
   */
  readonly clock?: Clock | undefined;
  /** Those that use little come before the others in time. Default true. */
  readonly anyLight?: boolean | undefined;
}

const removalTries = 50;
const removalPauseMs = 20;

/** Control groups named `name`, in directories of their own where nothing is to be gained beside others. */
export class FileGroups implements ControlGroups {
  readonly kind: string;
  readonly sharesCpu: boolean;
  readonly directories: readonly string[];
  readonly #options: FileGroupsOptions;
  readonly #fair: FairCpu | undefined;
  /** Those of which groups may use some; none where that is not ours to say. */
  readonly #processors: readonly number[] = [];
  readonly #leaving = new Set<Promise<void>>();
  #first: OwnGroup | undefined;
  #lastId = 0;

  /** Throws when the kernel does not let us. */
  constructor(options: FileGroupsOptions) {
    const { anyLight = true, clock, files, name, roots } = options;
    this.kind = files.kind;
    this.sharesCpu = roots.cpu !== undefined;
    if (clock && roots.cpu?.processors) {
      this.#processors = shareProcessors(roots.cpu.processors, name, files.cpu);
    }
    const processors = this.#processors.length > 0 ? roots.cpu?.processors : undefined;
    const watched = clock && roots.cpu ? { ...roots.cpu, processors } : undefined;
    const cpu = watched ?? (files.cpu.steady && roots.cpu ? { ...roots.cpu, processors: undefined } : undefined);
    this.#options = { ...options, roots: { ...roots, cpu } };
    this.directories = unique(placesOf(this.#places('')).map((place) => dirname(place)));
    for (const directory of this.#own()) makeOwn(directory, files.cpu, cpu !== undefined);
    if (!watched || !clock) return;
    const use = {
      allMs: () => usedMsIn(join(watched.usage, files.cpu.usage), files.cpu),
      functionsMs: () => functionsMsIn(watched.usage, files.cpu),
    };
    this.#fair = new FairCpu(clock, use, { anyLight });
  }

  make(limits: GroupLimits): ControlGroup {
    this.#lastId++;
    return new FileGroup(this.#places(`g${this.#lastId}`), this.#options.files, limits, {
      fair: this.#fair,
      processors: this.#processors,
      leaving: this.#leaving,
    });
  }

  standFirst(): void {
    const { name, roots } = this.#options;
    // In version 2 the group of the supervisor is for that.
    if (!roots.cpu?.beside || this.#first) return;
    try {
      this.#first = new OwnGroup(roots.cpu.shares, name);
    } catch {
      // As before, then.
    }
  }

  get leftToOthers(): readonly number[] {
    const { files, roots } = this.#options;
    const root = roots.cpu?.processors;
    return root ? processorsLeft(root, this.#processors, files.cpu) : [];
  }

  get leaves(): readonly string[] {
    return this.#first ? [join(this.#first.outside, this.#options.files.join)] : [];
  }

  async close(): Promise<void> {
    await Promise.all(this.#leaving);
    this.#first?.leave();
    for (const directory of this.#own()) removeEmpty(directory);
    for (const directory of this.directories) removeNamed(directory, `${this.#options.name}-`);
  }

  /** Where the parts of a group of this id lie. */
  #places(id: string): GroupPlaces {
    const { name, roots } = this.#options;
    const below = (root: string) => join(root, name, id || '-');
    const { cpu, memory, tasks } = roots;
    const places = { memory: below(memory), tasks: below(tasks) };
    if (!cpu) return places;
    const shares = cpu.beside ? join(cpu.shares, `${name}-${id}`) : below(cpu.shares);
    const usage = cpu.usage === cpu.shares ? shares : below(cpu.usage);
    return { ...places, usage, processors: cpu.processors && below(cpu.processors), shares };
  }

  /** Directories that hold nothing but groups of this one. */
  #own(): string[] {
    return this.directories.filter((directory) => basename(directory) === this.#options.name);
  }
}

/** What the groups of one place have in common. */
interface Shared {
  readonly fair: FairCpu | undefined;
  readonly processors: readonly number[];
  /** Removals under way. */
  readonly leaving: Set<Promise<void>>;
}

interface GroupPlaces {
  readonly memory: string;
  readonly tasks: string;
  readonly usage?: string;
  readonly processors?: string | undefined;
  readonly shares?: string;
}

/** In the order in which who joins does so: it should not have to yield while it holds what others need for the same. */
function placesOf({ memory, processors, shares, tasks, usage }: GroupPlaces): string[] {
  return unique([memory, tasks, usage, processors, shares].filter((place) => place !== undefined));
}

class FileGroup implements ControlGroup {
  readonly joins: readonly string[];
  readonly limits: GroupLimits;
  readonly #files: GroupFiles;
  readonly #places: GroupPlaces;
  readonly #directories: readonly string[];
  readonly #cpu: CpuPart | undefined;
  readonly #fair: FairCpu | undefined;
  readonly #leaving: Set<Promise<void>>;

  constructor(places: GroupPlaces, files: GroupFiles, limits: GroupLimits, { fair, leaving, processors }: Shared) {
    this.limits = limits;
    this.#files = files;
    this.#places = places;
    this.#fair = fair;
    this.#leaving = leaving;
    const { memory, shares, tasks, usage } = places;
    this.#directories = placesOf(places);
    for (const directory of this.#directories) mkdirSync(directory);
    const { limit, swap } = files.memory;
    writeFileSync(join(memory, limit), String(limits.memoryBytesMax));
    if (existsSync(join(memory, swap.limit))) {
      writeFileSync(join(memory, swap.limit), String(swap.bytesMax(limits.memoryBytesMax)));
    }
    writeFileSync(join(tasks, files.tasks.limit), String(limits.tasksMax));
    if (shares && usage) {
      const { steady, weights } = files.cpu;
      const chosen = places.processors && join(places.processors, files.cpu.processors.chosen);
      const choice = chosen ? new ChosenProcessors(chosen, processors) : undefined;
      this.#cpu = new CpuPart(files.cpu, shares, usage, fair || !steady ? weights.usual : steady, choice);
      fair?.add(this.#cpu);
    }
    this.joins = this.#directories.map((directory) => join(directory, files.join));
  }

  hits(): GroupHits {
    const { memory, tasks } = this.#files;
    return {
      memory: countIn(read(join(this.#places.memory, memory.events)), 'oom_kill') > 0,
      memoryBytesUsed: Number(read(join(this.#places.memory, memory.peak))) || 0,
      tasks: countIn(read(join(this.#places.tasks, tasks.events)), 'max') > 0,
    };
  }

  memoryBytes(): number {
    const { stat, words } = this.#files.memory.held;
    const told = read(join(this.#places.memory, stat));
    return words.reduce((sum, word) => sum + countIn(told, word), 0);
  }

  get hasCpuPart(): boolean {
    return this.#cpu !== undefined;
  }

  serve(owner: object): void {
    if (this.#cpu) this.#fair?.serve(this.#cpu, owner);
  }

  started(): void {
    if (this.#cpu) this.#fair?.started(this.#cpu);
  }

  /** Of all that was ever in it; where the kernel does not count for groups, of those that are and what they waited for. */
  cpuUsedMs(): number {
    const { cpu } = this.#files;
    const counted = this.#cpu?.usedMs() ?? usedMsIn(join(this.#places.memory, cpu.usage), cpu);
    return counted ?? pidsIn(this.#places.tasks).reduce((sum, pid) => sum + cpuMsOf(pid), 0);
  }

  processorWaitMs(): number | undefined {
    const known = pidsIn(this.#places.tasks)
      .map(processorWaitMsOf)
      .filter((ms) => ms !== undefined);
    return known.length > 0 ? known.reduce((sum, ms) => sum + ms, 0) : undefined;
  }

  hurry(): void {
    if (!this.#cpu) return;
    this.#fair?.remove(this.#cpu);
    this.#cpu.hurry();
  }

  async remove(): Promise<void> {
    const removing = this.#remove();
    this.#leaving.add(removing);
    await removing;
    this.#leaving.delete(removing);
  }

  async #remove(): Promise<void> {
    this.hurry();
    for (const directory of this.#directories) {
      for (let tries = 0; tries < removalTries && !removed(directory); tries++) {
        killAll(directory);
        await new Promise((resolve) => setTimeout(resolve, removalPauseMs));
      }
    }
  }
}

/** A directory that holds nothing but groups of one name. */
function makeOwn(directory: string, { weight, weights }: CpuFiles, sharesCpu: boolean): void {
  mkdirSync(directory, { recursive: true });
  const handedOn = join(directory, 'cgroup.subtree_control');
  if (existsSync(handedOn)) writeFileSync(handedOn, sharesCpu ? '+memory +pids +cpu' : '+memory +pids');
  if (sharesCpu && existsSync(join(directory, weight))) writeFileSync(join(directory, weight), weights.usual);
}

/** The processors that groups of this name may use; none where the kernel does not let us say which. */
function shareProcessors(root: string, name: string, { processors: { chosen, may } }: CpuFiles): readonly number[] {
  const directory = join(root, name);
  try {
    const all = processorsIn(readFileSync(join(root, may), 'utf8'));
    if (all.length === 1) return [];
    mkdirSync(directory, { recursive: true });
    const handedOn = join(directory, 'cgroup.subtree_control');
    if (existsSync(handedOn)) writeFileSync(handedOn, '+cpuset');
    else {
      // In version 1 a group takes nobody in before it has both, and hands them on only when it is told to.
      for (const file of ['cpuset.mems', chosen]) writeFileSync(join(directory, file), readFileSync(join(root, file)));
      writeFileSync(join(directory, 'cgroup.clone_children'), '1');
    }
    return all;
  } catch {
    removed(directory);
    return [];
  }
}

/** What all functions have used that have groups there, also those of others like this process. */
function functionsMsIn(root: string, files: CpuFiles): number {
  const names = groupsIn(root).filter((name) => name.startsWith('relais-') && !name.endsWith('-own'));
  return names.reduce((sum, name) => sum + (usedMsIn(join(root, name, files.usage), files) ?? 0), 0);
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)];
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
function removeEmpty(directory: string): void {
  for (const name of groupsIn(directory)) removeEmpty(join(directory, name));
  removed(directory);
}

/** Kills whoever is in a group or below it, and removes them as far as that was quick. */
export function removeWithAll(directory: string): void {
  for (const name of groupsIn(directory)) removeWithAll(join(directory, name));
  killAll(directory);
  removed(directory);
}

/**
 * Who is still in a group whose process is gone was left behind: bwrap, killed in its first moments, leaves a child that waits
 * for a word from it for ever.
 */
function killAll(directory: string): void {
  for (const pid of pidsIn(directory)) kill(pid);
}

function pidsIn(directory: string): number[] {
  // 0: one that this process does not see.
  return read(join(directory, 'cgroup.procs'))
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 1);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

/** The same for those in a directory whose names begin so. */
export function removeNamed(directory: string, prefix: string): void {
  for (const name of groupsIn(directory)) if (name.startsWith(prefix)) removeEmpty(join(directory, name));
}
