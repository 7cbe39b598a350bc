import type { Relais } from '@relais/sdk';
import type { Paint } from '../output/paint.js';
import type { Progress } from '../output/progress.js';

/** What a command sees of the world; tests bring their own. */
export interface Surroundings {
  /** The platform as --url and --key, RELAIS_URL and RELAIS_KEY say. */
  readonly client: Relais;
  readonly url: string;
  /** Sent as a bearer token; undefined when there is none. */
  readonly key: string | undefined;
  /** True: standard output is for a program. */
  readonly json: boolean;
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
  /** Characters in a line of the terminal; 80 when it does not say. */
  readonly columns: number;
  readonly cwd: string;
  /** Colours of standard output and of standard error. */
  readonly paint: Paint;
  readonly paintError: Paint;
  /** The first stop request; commands that run on end with it. */
  readonly interrupted: AbortSignal;
  /** Writes to standard output as it is. */
  write(text: string | Uint8Array): void;
  /** Resolves once standard output takes more without keeping it in memory, or when the command is interrupted. */
  drained(): Promise<void>;
  /** Writes a line to standard error. */
  note(line: string): void;
  /** What is going on, on standard error. */
  progress(): Progress;
  readStdin(): Promise<Buffer>;
  /** The result: one JSON object with `ok` for programs, else what `human` makes of it. */
  report(value: object, human: () => string): void;
}
