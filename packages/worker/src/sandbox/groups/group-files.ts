import { existsSync, readdirSync } from 'node:fs';
import type { CpuRank } from './cpu/cpu-debt.js';

/** Names and forms in which a version of the kernel's control groups keeps what we use. */
export interface GroupFiles {
  readonly kind: string;
  /**
   * Takes "0" from a process of one thread that joins. In version 1 not cgroup.procs: that would stop every fork, exec and exit of
   * the machine for as long as the kernel needs to see all processors pass.
   */
  readonly join: string;
  /** Part of a group, in a hierarchy of its own or, in version 2, all in one. */
  readonly memory: {
    readonly limit: string;
    /** Where the kernel counts swap: what it takes so that nothing is swapped out instead of ended. */
    readonly swap: { readonly limit: string; readonly bytesMax: (memoryBytesMax: number) => number };
    readonly peak: string;
    readonly events: string;
    /** Where it says what is held, and the words there that count: what is in no file on disk. */
    readonly held: { readonly stat: string; readonly words: readonly string[] };
  };
  readonly tasks: { readonly limit: string; readonly events: string };
  readonly cpu: CpuFiles;
}

/** The same for processor time. */
export interface CpuFiles {
  readonly weight: string;
  /**
   * That of a group in which functions run, by how it stands: who takes little has ten times what others have. In version 1, where groups
   * lie beside the processes of the platform, that is as much as these have; in version 2 they share a tenth of that.
   */
  readonly weights: Readonly<Record<CpuRank, string>>;
  /**
   * Weight of a group that nobody watches, such as that of a worker of WASM, whose calls are short: half of what functions have that
   * take little, and a sixteenth of what hands calls on. Undefined where such stay in the group of their supervisor.
   */
  readonly steady?: string;
  /** Takes "1": what is in the group runs when nothing else wants to. */
  readonly idle: string;
  readonly usage: string;
  /** Which processors a group may use, and takes a choice of them. */
  readonly processors: { readonly may: string; readonly chosen: string };
  /** What stands there, in milliseconds. */
  readonly usedMs: (usage: string) => number;
}

export const version1: GroupFiles = {
  kind: 'cgroup v1',
  join: 'tasks',
  memory: {
    limit: 'memory.limit_in_bytes',
    // Counts memory and swap together.
    swap: { limit: 'memory.memsw.limit_in_bytes', bytesMax: (memoryBytesMax) => memoryBytesMax },
    peak: 'memory.max_usage_in_bytes',
    events: 'memory.oom_control',
    held: { stat: 'memory.stat', words: ['rss', 'shmem'] },
  },
  tasks: { limit: 'pids.max', events: 'pids.events' },
  cpu: {
    weight: 'cpu.shares',
    weights: { light: '1024', usual: '110', last: '2' },
    steady: '512',
    idle: 'cpu.idle',
    usage: 'cpuacct.usage',
    processors: { may: 'cpuset.effective_cpus', chosen: 'cpuset.cpus' },
    usedMs: (nanoseconds) => Number(nanoseconds) / 1e6,
  },
};

export const version2: GroupFiles = {
  kind: 'cgroup v2',
  join: 'cgroup.procs',
  memory: {
    limit: 'memory.max',
    swap: { limit: 'memory.swap.max', bytesMax: () => 0 },
    peak: 'memory.peak',
    events: 'memory.events',
    held: { stat: 'memory.stat', words: ['anon', 'shmem'] },
  },
  tasks: { limit: 'pids.max', events: 'pids.events' },
  cpu: {
    weight: 'cpu.weight',
    weights: { light: '100', usual: '11', last: '1' },
    idle: 'cpu.idle',
    usage: 'cpu.stat',
    processors: { may: 'cpuset.cpus.effective', chosen: 'cpuset.cpus' },
    usedMs: (stat) => countIn(stat, 'usage_usec') / 1000,
  },
};

/** The count behind a word in a file of events, such as "oom_kill 2"; 0 when there is none. */
export function countIn(events: string, word: string): number {
  return Number(new RegExp(`^${word} (\\d+)$`, 'm').exec(events)?.[1] ?? 0);
}

/** Names of the groups in a group; none when it is gone. */
export function groupsIn(directory: string): string[] {
  const entries = existsSync(directory) ? readdirSync(directory, { withFileTypes: true }) : [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
