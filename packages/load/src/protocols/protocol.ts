import type { Reply, WireCall } from '../wire/reply.js';

/** How functions are called over one protocol. */
export interface Protocol {
  readonly http: 1 | 2;
  /** The call of a function with this payload; prepared once, sent often. */
  prepare(fn: string, payload: Buffer): WireCall;
  /** Empty for success, else a short code by which failures are counted, for example "resource_exhausted". */
  failureOf(reply: Reply): string;
}
