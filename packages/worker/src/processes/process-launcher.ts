import type { Duplex, Readable } from 'node:stream';
import type { ControlGroup } from '../sandbox/groups/control-group.js';
import type { CpuHit } from './cpu-watch.js';

/** The one way a worker starts a process, in a sandbox or without one; nothing else in the worker may spawn. */
export interface ProcessLauncher {
  /**
   * Starts a process in a new process group, in an empty directory of its own that goes when it goes, with nothing
   * inherited but the streams below. It is killed when this process dies. Rejects with unavailable reason
   * process_start_failed when the machine cannot start it.
   */
  launch(spec: LaunchSpec): Promise<RootProcess>;
  /**
   * Writes files where the processes of this launcher, also those already started, can read and must not change them.
   * Paths are those of a SourceTree. Rejects with unavailable reason files_not_written when the disk does not take them.
   */
  shareFiles(files: ReadonlyMap<string, Uint8Array>): Promise<SharedFiles>;
  /** Where sockets lie that lead processes with egress to the network; undefined where nothing keeps them from it. */
  readonly doors: DoorPlace | undefined;
}

/** A directory of sockets, whose names are known to those alone who were told. */
export interface DoorPlace {
  /** Of this machine. */
  readonly directory: string;
  /** As processes see it. */
  readonly at: string;
}

/** Files that several processes read. */
export interface SharedFiles {
  /** Absolute, without links in it, as the processes see it. */
  readonly directory: string;
  /** Safe to call twice. */
  remove(): Promise<void>;
}

export interface LaunchSpec {
  /** Absolute path of the executable. */
  readonly command: string;
  readonly args: readonly string[];
  /** Whole environment beside PATH, LANG, HOME and TMPDIR, which it may override. */
  readonly env?: Readonly<Record<string, string>>;
  /** What standard input holds from the start; empty when absent. */
  readonly input?: Uint8Array;
  /** Where it runs instead, and may write, when its own directory is not enough; the caller makes and removes it. */
  readonly directory?: string;
  /** Other directories that it may write. */
  readonly writable?: readonly string[];
  /** Files and directories that it must be able to read, beside the system's own programs and libraries. */
  readonly readable?: readonly string[];
  /**
   * What it runs as. function (when absent): code of a user, or a tool at work on it. forkServer: code of ours that confines
   * what it forks; its working directory is its own. trusted: a tool that is only asked what it is, which may need all that
   * its user sees, so no sandbox holds it.
   */
  readonly role?: 'function' | 'forkServer' | 'trusted';
  /** Memory of it and all it starts; beyond it the kernel kills, where it can count. Absent: what a tool may have. */
  readonly memoryBytesMax?: number;
  /** True: it sees the doors of its launcher, and can listen on loopback. */
  readonly egress?: boolean;
  /** CPU time of one process; beyond it it gets SIGXCPU, and SIGKILL a second later. */
  readonly cpuSecondsMax?: number;
  /** True: the process gets a two-way stream as file descriptor 3. */
  readonly channel: boolean;
}

export interface LaunchedProcess {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Our end of file descriptor 3; undefined when none was asked for. */
  readonly channel: Duplex | undefined;
  /** Puts bytes on standard input, which is a file: the process must not have begun to read. At most once. */
  giveInput(bytes: Uint8Array): Promise<void>;
  /** What it has run into so far; undefined when nothing, or when nobody counts. */
  limitsHit(): LimitsHit | undefined;
  /** As its control group does; without effect where nobody counts. */
  serve(owner: object): void;
  /** The same. */
  started(): void;
  /**
   * Processor time of it and all that it has started, milliseconds. Where no control group counts, it is without what ended
   * and was not waited for, so it may fall. Undefined when it cannot be known.
   */
  cpuUsedMs(): number | undefined;
  /** How long it has waited for a processor, milliseconds. Undefined where no control group tells what belongs to it. */
  processorWaitMs(): number | undefined;
  /**
   * Memory that it and all that it has started hold now, bytes: where a control group counts, what is in no file on disk and
   * was not there before it was forked; elsewhere its part of what several share too. 0 when it is gone. Never rejects.
   */
  memoryBytes(): Promise<number>;
  /** Kills the whole process group with SIGKILL. Safe to call at any time. */
  kill(): void;
  /** Resolves when it has ended; what it had printed may not have been read. Never rejects. */
  readonly exited: Promise<unknown>;
  /** Resolves once it is reaped, its group is dead, its output has been read and its directory is gone. Never rejects. */
  readonly closed: Promise<ProcessExit>;
}

/** A process that was started, not forked from one. */
export interface RootProcess extends LaunchedProcess {
  /** The directory of its own, as this process sees it. */
  readonly directory: string;
  /**
   * Kills a process group of what it had forked, when it is dead itself. Without effect where that died with it; the number
   * is as it knew it.
   */
  killGroup(group: number): void;
  /** Prepares for a process that a fork server makes; absent without a sandbox. Throws when the machine cannot. */
  readonly confine: ((wanted: ForkWanted) => ForkPreparation) | undefined;
}

/** What sets a process that is to be forked apart from others. */
export interface ForkWanted {
  readonly memoryBytesMax: number;
  /** As in a LaunchSpec. */
  readonly egress?: boolean;
  /** As in a LaunchSpec. */
  readonly cpuSecondsMax?: number;
}

/** What a process that is about to be forked needs. */
export interface ForkPreparation {
  /** What it must do to itself before it runs code of a user. */
  readonly confinement: Confinement;
  /** What counts it; whoever waits for its end removes it. */
  readonly group: ControlGroup | undefined;
}

/** Limits that a process and what it started ran into. */
export interface LimitsHit {
  readonly memory?: { readonly limitBytes: number; readonly usedBytes: number };
  readonly tasks?: { readonly limit: number };
  readonly cpu?: CpuHit;
}

/**
 * How a forked process puts itself into namespaces of its own (users, processes, mounts, network, IPC, host name), gives up
 * every capability and bounds itself. Paths are those of the fork server.
 */
export interface Confinement {
  /** Seccomp filter, base64; empty where the machine knows none. */
  readonly filter: string;
  /** Size of its own /tmp. */
  readonly tmpBytesMax: number;
  readonly filesMax: number;
  readonly fileBytesMax: number;
  /** Processes and threads of its user namespace. */
  readonly tasksMax: number;
  /** CPU time of one process; beyond it it gets SIGXCPU, and SIGKILL a second later. 0: its deadline is enough. */
  readonly cpuSecondsMax: number;
  /** Private memory it may write; 0 where a control group counts better. */
  readonly dataBytesMax: number;
  /** Files to write "0" to, which makes it join its control groups. */
  readonly joins: readonly string[];
  /** To be unmounted. */
  readonly hidden: readonly string[];
  /** Whether the loopback of its network is switched on. */
  readonly loopback: boolean;
}

/** How a process ended. */
export interface ProcessExit {
  /** 0 when a signal ended it. */
  readonly exitCode: number;
  /** For example "SIGKILL"; empty when it exited. */
  readonly signal: string;
  /** Absent when it ran into none. */
  readonly limits?: LimitsHit;
  /** It was not its own doing: it went with the process that it was forked from. */
  readonly lost?: boolean;
}
