import type { ErrorDetail } from '@relais/contracts';
import type { Program } from '../program.js';

/** One call for a thread. */
export interface ThreadCall {
  readonly program: Program;
  readonly functionName: string;
  readonly payload: Uint8Array;
  /** What is left of the call's time, milliseconds; the clocks of threads do not begin together. */
  readonly budgetMs: number;
  readonly environment: readonly string[];
  readonly logBytesMax: number;
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
  readonly logs: string;
  readonly logsTruncated: boolean;
  readonly coldUs: number;
  readonly runUs: number;
}
