/** What came back for one call. */
export interface Reply {
  /** HTTP status; 0 when there was none. */
  readonly status: number;
  /** Status of gRPC from headers or trailers; -1 when there was none. */
  readonly grpcStatus: number;
  /** Valid until the callback returns. */
  readonly body: Buffer;
  /** Why there was no answer: "timeout", "connection"; empty when there was one. */
  readonly failure: string;
}

/** One prepared call, ready to be sent as often as wanted. */
export interface WireCall {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A way to send calls, one at a time. */
export interface Connection {
  /** Sends a call; `traceparent` is left out when empty. The callback comes exactly once, whatever happens. */
  send(call: WireCall, traceparent: string, done: (reply: Reply) => void): void;
  close(): void;
}

const nothing = Buffer.alloc(0);

export function noReply(failure: string): Reply {
  return { status: 0, grpcStatus: -1, body: nothing, failure };
}
