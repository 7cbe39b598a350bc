import type { FunctionVersion } from '@relais/contracts';
import type { GuestBoot } from './guest.js';
import type { ProcessExit } from './process-launcher.js';

/** What differs between languages whose functions run in guests. */
export interface GuestLanguage {
  /** How a guest that can hold this version is started. */
  boot(version: FunctionVersion): GuestBoot;
  /** How an interpreter is started that forks such guests; undefined when the language has none. */
  readonly forkServer?: Pick<GuestBoot, 'command' | 'args' | 'readable'>;
  /** What the runtime itself takes of a process's memory, MiB: functions get theirs beside it. */
  readonly overheadMb: number;
  /** Whether a process that ended so had run out of the memory it was given. */
  outOfMemory(exit: ProcessExit, stderrTail: string): boolean;
  /** Takes the shim's own frames and virtual paths out of what the interpreter printed of a crash. */
  cleanStderr(text: string): string;
}
