import type { ErrorDetail } from '@relais/contracts';
import type { Program } from '../program.js';

/** One call for a thread, wherever that is. */
export interface ThreadCall extends ThreadWork {
  /** Where its output goes out meanwhile: what may go out at first, bytes, parts at their cost. Undefined: it is wanted whole. */
  readonly windowBytes?: number;
}

/** And as the thread itself gets it. */
export interface ThreadWork {
  readonly program: Program;
  readonly functionName: string;
  readonly payload: Uint8Array;
  /** What is left of the call's time, milliseconds; the clocks of threads do not begin together. */
  readonly budgetMs: number;
  readonly environment: readonly string[];
  readonly logBytesMax: number;
  /** Output that is wanted whole; beyond it the call is aborted. */
  readonly outputBytesMax: number;
}

/** With what only threads of one process share. */
export interface StreamedWork extends ThreadWork {
  /** Where its output goes out meanwhile; undefined: it is wanted whole. */
  readonly stream?: ThreadStream;
}

export interface ThreadStream {
  /** One Int32: bytes of output that may be sent, parts at their cost. Both sides change it, and wake who waits on it. */
  readonly credit: SharedArrayBuffer;
  readonly windowBytes: number;
}

/** What a thread says. */
export type ThreadMessage =
  | { readonly type: 'part'; readonly data: Uint8Array }
  | { readonly type: 'end'; readonly end: ThreadEnd };

/** How a call on a thread ended. */
export interface ThreadEnd {
  /** Undefined: it went well. */
  readonly failure: ErrorDetail | undefined;
  /** Empty when it has gone out meanwhile. */
  readonly output: Uint8Array;
  readonly logs: string;
  readonly logsTruncated: boolean;
  readonly coldUs: number;
  readonly runUs: number;
}

/** The end of a call that never came to one. */
export const noEnd: ThreadEnd = {
  failure: undefined,
  output: new Uint8Array(0),
  logs: '',
  logsTruncated: false,
  coldUs: 0,
  runUs: 0,
};

/** Tells of a call's span that it had a thread. */
export const onThread = Object.freeze({ 'relais.wasm.instance': 'thread' });
