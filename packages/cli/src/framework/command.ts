import type { Input } from './input.js';
import type { Surroundings } from './surroundings.js';

/** One positional argument. */
export interface ArgumentSpec {
  /** In capitals, as the help shows it. "REF" and "NAME" are completed with the names of functions. */
  readonly name: string;
  readonly describe: string;
  readonly optional?: true;
  /** Takes all that is left. */
  readonly repeated?: true;
  /** The only values there are. */
  readonly choices?: readonly string[];
}

/** One option of a command. */
export interface OptionSpec {
  /** Long name without dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** What stands for the value in the help; a switch when absent. */
  readonly value?: string;
  readonly describe: string;
  /** May be given several times. */
  readonly repeated?: true;
  readonly choices?: readonly string[];
}

export interface Example {
  /** As typed. */
  readonly line: string;
  readonly does: string;
}

/** One command of the table: everything help, completion and docs say of it, and what it does. */
export interface Command {
  readonly name: string;
  /** One line, in the imperative. */
  readonly summary: string;
  /** What the summary leaves open. */
  readonly details?: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  readonly examples: readonly Example[];
  /** False: it never talks to a platform, so it takes neither --url nor --key. */
  readonly remote?: false;
  /** True: it reads its own flags; what is typed reaches it as it is. */
  readonly ownFlags?: true;
  readonly subcommands?: readonly Command[];
  /** Absent for a command that only holds others. Rejects with RelaisError; resolves with an exit code other than 0. */
  readonly run?: (input: Input, io: Surroundings) => Promise<number | undefined>;
}
