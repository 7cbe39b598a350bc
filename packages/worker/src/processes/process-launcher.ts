import type { Duplex, Readable } from 'node:stream';

/**
 * The one way a worker starts a process. A sandbox is another implementation of this interface around the same specs, so
 * nothing else in the worker may spawn.
 */
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
}

/** How a process ended. */
export interface ProcessExit {
  /** 0 when a signal ended it. */
  readonly exitCode: number;
  /** For example "SIGKILL"; empty when it exited. */
  readonly signal: string;
}
