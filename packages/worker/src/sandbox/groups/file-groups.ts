import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Clock, cpuMsOf } from '@relais/kit';
import type { ControlGroup, ControlGroups, GroupHits, GroupLimits } from './control-group.js';
import { type CpuDebt, noDebt } from './cpu/cpu-debt.js';
import { CpuPart, usedMsIn } from './cpu/cpu-part.js';
import { FairCpu } from './cpu/fair-cpu.js';
import { countIn, type GroupFiles } from './group-files.js';
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
  readonly #leaving = new Set<Promise<void>>();
  #first: OwnGroup | undefined;
  #lastId = 0;

  /** Throws when the kernel does not let us. */
  constructor(options: FileGroupsOptions) {
    const { anyLight = true, clock, files, roots } = options;
    this.kind = files.kind;
    this.sharesCpu = roots.cpu !== undefined;
    const cpu = clock || files.cpu.steady ? roots.cpu : undefined;
    this.#options = { ...options, roots: { ...roots, cpu } };
    this.directories = unique(this.#places('').map((place) => dirname(place)));
    for (const directory of this.#own()) {
      mkdirSync(directory, { recursive: true });
      const handedOn = join(directory, 'cgroup.subtree_control');
      if (existsSync(handedOn)) writeFileSync(handedOn, cpu ? '+memory +pids +cpu' : '+memory +pids');
      const weight = join(directory, files.cpu.weight);
      if (cpu && existsSync(weight)) writeFileSync(weight, files.cpu.weights.usual);
    }
    if (!cpu || !clock) return;
    const all = join(cpu.usage, files.cpu.usage);
    this.#fair = new FairCpu(clock, () => usedMsIn(all, files.cpu), { anyLight });
  }

  make(limits: GroupLimits): ControlGroup {
    this.#lastId++;
    const [memory = '', tasks = '', shares, usage] = this.#places(`g${this.#lastId}`);
    return new FileGroup({ memory, tasks, shares, usage }, this.#options.files, limits, {
      fair: this.#fair,
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
  #places(id: string): string[] {
    const { name, roots } = this.#options;
    const below = (root: string) => join(root, name, id || '-');
    const { cpu, memory, tasks } = roots;
    if (!cpu) return [below(memory), below(tasks)];
    const shares = cpu.beside ? join(cpu.shares, `${name}-${id}`) : below(cpu.shares);
    return [below(memory), below(tasks), shares, cpu.usage === cpu.shares ? shares : below(cpu.usage)];
  }

  /** Directories that hold nothing but groups of this one. */
  #own(): string[] {
    return this.directories.filter((directory) => basename(directory) === this.#options.name);
  }
}

/** What the groups of one place have in common. */
interface Shared {
  readonly fair: FairCpu | undefined;
  /** Removals under way. */
  readonly leaving: Set<Promise<void>>;
}

interface GroupPlaces {
  readonly memory: string;
  readonly tasks: string;
  readonly shares: string | undefined;
  readonly usage: string | undefined;
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
  /** What it owed when it was about to be killed. */
  #finalDebt: CpuDebt | undefined;

  constructor(places: GroupPlaces, files: GroupFiles, limits: GroupLimits, { fair, leaving }: Shared) {
    this.limits = limits;
    this.#files = files;
    this.#places = places;
    this.#fair = fair;
    this.#leaving = leaving;
    const { memory, shares, tasks, usage } = places;
    // Who joins does so in this order, and should not have to yield while it holds what others need for the same.
    this.#directories = unique([memory, tasks, usage, shares].filter((place) => place !== undefined));
    for (const directory of this.#directories) mkdirSync(directory);
    const { limit, swap } = files.memory;
    writeFileSync(join(memory, limit), String(limits.memoryBytesMax));
    if (existsSync(join(memory, swap.limit))) {
      writeFileSync(join(memory, swap.limit), String(swap.bytesMax(limits.memoryBytesMax)));
    }
    writeFileSync(join(tasks, files.tasks.limit), String(limits.tasksMax));
    if (shares && usage) {
      const { steady, weights } = files.cpu;
      this.#cpu = new CpuPart(files.cpu, shares, usage, fair || !steady ? weights.usual : steady);
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

  get cpuDebt(): CpuDebt | undefined {
    return this.#finalDebt ?? (this.#cpu && this.#fair?.debtOf(this.#cpu));
  }

  set cpuDebt(debt: CpuDebt | undefined) {
    if (this.#cpu && !this.#finalDebt) this.#fair?.owe(this.#cpu, debt ?? noDebt);
  }

  /** Of all that was ever in it; where the kernel does not count for groups, of those that are and what they waited for. */
  cpuUsedMs(): number {
    const { cpu } = this.#files;
    const counted = this.#cpu?.usedMs() ?? usedMsIn(join(this.#places.memory, cpu.usage), cpu);
    return counted ?? pidsIn(this.#places.tasks).reduce((sum, pid) => sum + cpuMsOf(pid), 0);
  }

  hurry(): void {
    if (!this.#cpu || this.#finalDebt) return;
    this.#finalDebt = this.cpuDebt ?? noDebt;
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

function groupsIn(directory: string): string[] {
  const entries = existsSync(directory) ? readdirSync(directory, { withFileTypes: true }) : [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
