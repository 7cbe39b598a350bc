/** What one process and all that it starts may use together. */
export interface GroupLimits {
  /** Memory with /tmp and page cache; beyond it the kernel kills. */
  readonly memoryBytesMax: number;
  /** Processes and threads; beyond it none can be started. */
  readonly tasksMax: number;
}

/** What a group ran into. */
export interface GroupHits {
  /** Whether the kernel killed for want of memory. */
  readonly memory: boolean;
  /** The most it held, bytes. */
  readonly memoryBytesUsed: number;
  /** Whether the kernel refused a process or thread. */
  readonly tasks: boolean;
}

/** A control group of the kernel, made for one process. */
export interface ControlGroup {
  /** Files that a process joins it by, by writing "0" to each. */
  readonly joins: readonly string[];
  readonly limits: GroupLimits;
  /** Whether it has a part of the processors of its own, whatever the niceness of its processes. */
  readonly hasCpuPart?: boolean;
  /** To be called once the process runs, where it is not the kernel that counts and kills. */
  watch?(pid: number, kill: () => void): void;
  /** Safe to call at any time before it is removed. Never throws. */
  hits(): GroupHits;
  /** Memory that its processes hold now, without what they read of files, bytes; 0 when it is gone. Never throws. */
  memoryBytes(): number;
  /** It starts to work for the owner, who owes processor time for all that do; to be called at most once. Absent where nobody counts. */
  serve?(owner: object): void;
  /** It has started, which is for free if it lives long enough. The same. */
  started?(): void;
  /** Processor time of its processes, milliseconds; absent or undefined where nobody counts. Never throws. */
  cpuUsedMs?(): number | undefined;
  /** How long the main threads of its processes have waited for a processor, milliseconds. The same. */
  processorWaitMs?(): number | undefined;
  /** To be called when its processes are about to be killed: who waits for a processor cannot end. Never throws. */
  hurry?(): void;
  /** To be called when its processes are gone or dying; tries for a while, and never throws. */
  remove(): Promise<void>;
}

/** Where control groups are made. */
export interface ControlGroups {
  /** For messages: "cgroup v1" or "cgroup v2". */
  readonly kind: string;
  /** Whether who uses much processor time goes last, as far as anybody watches that. */
  readonly sharesCpu: boolean;
  /** Directories that hold all groups of this one, for those who join from inside a sandbox. */
  readonly directories: readonly string[];
  /** Files by which what this process starts leaves the group that it stands first in, by writing "0" to each. */
  readonly leaves: readonly string[];
  /**
   * Processors that functions which go last leave to others now, also functions that are looked at elsewhere. Asks the kernel. Never
   * throws.
   */
  readonly leftToOthers: readonly number[];
  /** Throws when the kernel refuses. */
  make(limits: GroupLimits): ControlGroup;
  /**
   * Gives this process, which runs no code of others itself, and what it starts from here on processor time before the groups, until they
   * are closed. Never throws.
   */
  standFirst(): void;
  /** Waits for what is being removed, then removes all that is empty. Never rejects. */
  close(): Promise<void>;
}

/**
 * Files that what this process starts joins by, in order: out of the group that this process stands first in, so that it is in none such
 * where it gets no group of its own, and into that.
 */
export function joinsOf(groups: ControlGroups | undefined, group: ControlGroup | undefined): string[] {
  return [...(groups?.leaves ?? []), ...(group?.joins ?? [])];
}

/** A process without a group is better than none. */
export function tryMakeGroup(groups: ControlGroups | undefined, limits: GroupLimits): ControlGroup | undefined {
  try {
    return groups?.make(limits);
  } catch {
    return undefined;
  }
}
