import type { ProcessExit } from '../processes/process-launcher.js';

/** From the strongest to the weakest. */
export const sandboxNames = ['bubblewrap', 'unshare', 'none'] as const;
export type SandboxName = (typeof sandboxNames)[number];

/**
 * A way to start a process that sees and reaches nothing it was not given. Every implementation but "none" passes the
 * conformance suite beside this file.
 */
export interface Sandbox {
  readonly name: SandboxName;
  /** False: processes start as they are, and nothing below is promised. */
  readonly confines: boolean;
  /** Whether system calls are filtered from the start of every process. */
  readonly filters: boolean;
  /** Whether a policy can have loopback switched on. */
  readonly loopback: boolean;
  /** The command line that runs `command` under a policy. Its first word is an absolute path. */
  wrap(policy: SandboxPolicy, command: readonly string[]): readonly string[];
  /** How the confined process ended, of how the one that was started did. */
  exitOf(exit: ProcessExit): ProcessExit;
}

/** A file or directory of this machine in the process's own tree. */
export interface Bind {
  /** Absolute, and there. */
  readonly source: string;
  /** Absolute, where the process finds it. */
  readonly at: string;
}

/**
 * What a process gets. Beside it: the system's own programs and libraries, read-only, a few harmless devices, /proc of its
 * own processes, /tmp of its own, and namespaces of its own for users, processes, mounts, IPC, host name and network, in
 * which there is only loopback. It has no capability and gains none, and dies with the process that started it.
 */
export interface SandboxPolicy {
  readonly readable: readonly Bind[];
  readonly writable: readonly Bind[];
  /** Where it starts. */
  readonly directory: string;
  /** Those from 0 to one below it are handed on to it, and no other is. */
  readonly descriptors: number;
  /** /tmp lies in memory and counts as such; beyond it a write fails with "no space left". */
  readonly tmpBytesMax: number;
  /** Open descriptors of one process; beyond it an open fails. */
  readonly filesMax: number;
  /** Of one file; beyond it a write fails or the process gets SIGXFSZ. */
  readonly fileBytesMax: number;
  /** CPU time of one process; beyond it it gets SIGXCPU. Undefined: its deadline is enough. */
  readonly cpuSecondsMax?: number;
  /**
   * True for a process of ours that confines what it forks: it keeps the right to make namespaces and mounts inside its
   * own, and must run no code of a user itself.
   */
  readonly nests: boolean;
  /** True: loopback is switched on; otherwise it may be. */
  readonly loopback?: boolean;
  /** Files that take the id of a process which joins a control group; it joins before it runs. */
  readonly groups: readonly string[];
}
