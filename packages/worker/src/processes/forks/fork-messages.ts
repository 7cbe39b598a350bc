import type { Confinement, ProcessExit } from '../process-launcher.js';
import { signalOf } from '../signal-names.js';

/**
 * What a fork server is asked: fork a guest with its standard input and its home in a directory below that of the server,
 * or kill the process group of one.
 */
export type ForkRequest =
  | {
      readonly type: 'fork';
      readonly id: number;
      /** Relative to the server's own. */
      readonly directory: string;
      /** What the guest says to the stream door. */
      readonly token: string;
      readonly setup: object;
      readonly confinement?: Confinement;
    }
  | { readonly type: 'kill'; readonly id: number };

/** What a fork server says. It runs no code of a user, but what it forked may have got at its channel. */
export type ForkReply =
  /** This machine cannot fork guests safely; nothing more will come. */
  | { readonly type: 'unable'; readonly why: string }
  | { readonly type: 'forked'; readonly id: number; readonly pid: number }
  /** Its process group is dead and it is reaped, or it could not be forked at all. */
  | { readonly type: 'exited'; readonly id: number; readonly exit: ProcessExit };

/** Undefined when it is none of the messages. */
export function parseForkReply(header: unknown): ForkReply | undefined {
  if (typeof header !== 'object' || header === null) return undefined;
  const { type, id, pid, why, exitCode, signal } = header as Record<string, unknown>;
  if (type === 'unable') return { type, why: String(why) };
  if (typeof id !== 'number') return undefined;
  if (type === 'forked' && typeof pid === 'number' && pid > 1) return { type, id, pid };
  if (type === 'exited' && typeof exitCode === 'number' && typeof signal === 'number')
    return { type, id, exit: { exitCode, signal: signalName(signal) } };
  return undefined;
}

function signalName(number: number): string {
  return number === 0 ? '' : (signalOf(number) ?? `signal ${number}`);
}
