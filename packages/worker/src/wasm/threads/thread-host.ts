import type { ThreadCall, ThreadEnd } from './thread-messages.js';

/** What is told of a thread. */
export interface ThreadEvents {
  readonly part: (data: Uint8Array) => void;
  /** Its call has come to an end; it may get another. */
  readonly end: (end: ThreadEnd) => void;
  /** It is gone, whether it was ended or not: the last that is told of it. */
  readonly gone: (cause: unknown) => void;
}

/** A thread that runs WASM calls, one at a time. */
export interface HostedThread {
  begin(call: ThreadCall): void;
  /** So many bytes more of its call's output may go out. */
  grant(bytes: number): void;
  /** Ends it together with the call it has. */
  end(): void;
}

/** Where threads are: in this process or in another. */
export interface ThreadHost {
  start(events: ThreadEvents): HostedThread;
}
