/** Bounds the gateway holds its callers to; the unit is in each name. What happens at a bound is said beside it. */
export interface GatewayLimits {
  /** Payload of one call; beyond it resource_exhausted reason payload_too_large (413). */
  readonly payloadBytesMax: number;
  /** Output under way from a function to one caller that takes it in parts; at the bound the function waits. */
  readonly streamWindowBytes: number;
  /** Output of an HTTP trigger whose type nobody said is held back so long, so that a quick answer is known whole. */
  readonly outputHoldMs: number;
  /** The same by size; beyond it what there is goes out. */
  readonly outputHoldBytesMax: number;
  /** An event stream in which nothing happens gets a comment so often, a tail of logs an empty line; a caller that has gone shows by it. */
  readonly eventStreamIdleMs: number;
  /** A caller that does not read the end of a failed stream is cut off after this long. */
  readonly failedStreamMs: number;
  /** Source of one deploy; beyond it resource_exhausted reason payload_too_large (413). */
  readonly sourceBytesMax: number;
  /** Spans sent in one request, also unpacked; beyond it resource_exhausted reason payload_too_large (413). */
  readonly spanBytesMax: number;
  /** The same by their number; further ones are left out, and the answer says how many. */
  readonly spansPerRequestMax: number;
  /** Request bodies held in memory at once over all connections; beyond it resource_exhausted reason busy (429). */
  readonly bodyBytesInFlightMax: number;
  /** Whole answers that wait for their callers to read, over all connections; beyond it the one that has waited longest is cut. */
  readonly answerBytesInFlightMax: number;
  /** What is read and thrown away of a refused body so that the refusal arrives; beyond it the connection is cut. */
  readonly discardBytesMax: number;
  /** Longest time for that; then the connection is cut. */
  readonly discardMs: number;
  /** Header section of a request; beyond it 431. */
  readonly headerBytesMax: number;
  /** Header section must be complete by then; then 408. */
  readonly headersTimeoutMs: number;
  /** The first bytes of a connection must come by then; then it is cut. */
  readonly firstBytesTimeoutMs: number;
  /** A request must have arrived in full by then, and a connection that moves nothing for as long is cut. */
  readonly requestTimeoutMs: number;
  /** Connections at once; a further one is closed. */
  readonly connectionsMax: number;
  /**
   * Requests on one HTTP/1.1 connection; the last is answered with `connection: close`, a further one 503 or not at all. As
   * many again when they begin as plain ones and go on as others.
   */
  readonly requestsPerSocketMax: number;
  /** A connection without a request is closed after this long. */
  readonly idleConnectionMs: number;
  /** Concurrent HTTP/2 streams of one connection; a further one is refused. */
  readonly streamsPerConnectionMax: number;
  /** Memory one HTTP/2 session may hold; then it takes no new streams. Answers count in it, so it is beyond what those may hold. */
  readonly sessionMemoryMbMax: number;
  /** Stream resets a session may send in a burst; beyond it the session is ended. */
  readonly streamResetBurstMax: number;
  /** Stream resets per second a session may send lastingly; beyond it the session is ended. */
  readonly streamResetsPerSecondMax: number;
  /** Time for the build of one deploy; then deadline_exceeded. */
  readonly buildTimeoutMs: number;
  /** Time for one call to storage or the fleet, which may be restarting; then unavailable. */
  readonly controlTimeoutMs: number;
  /** Longest wait of one poll of storage's change feed. */
  readonly feedWaitMs: number;
  /** Pauses between attempts when the change feed is broken double from 100 ms up to this. */
  readonly feedBackoffMsMax: number;
  /** Function references kept resolved; the one not used for longest goes. */
  readonly resolvedFunctionsMax: number;
  /** Static pages kept in memory; the one not used for longest goes. */
  readonly staticCacheBytesMax: number;
  /** A call that takes as long has its trace kept, sampled or not. */
  readonly slowCallMs: number;
  /** Largest output of an HTTP trigger that is tried as JSON to tell its content type; a larger one is text. */
  readonly contentTypeProbeBytesMax: number;
}

const mebibyte = 1024 * 1024;

/** The contract's bounds, and values to start from where it names none. */
export const defaultGatewayLimits: GatewayLimits = {
  payloadBytesMax: 6 * mebibyte,
  streamWindowBytes: 256 * 1024,
  outputHoldMs: 50,
  outputHoldBytesMax: 64 * 1024,
  eventStreamIdleMs: 15_000,
  failedStreamMs: 1_000,
  sourceBytesMax: 10 * mebibyte,
  spanBytesMax: mebibyte,
  spansPerRequestMax: 1_000,
  bodyBytesInFlightMax: 256 * mebibyte,
  answerBytesInFlightMax: 512 * mebibyte,
  discardBytesMax: 256 * mebibyte,
  discardMs: 10_000,
  headerBytesMax: 16 * 1024,
  headersTimeoutMs: 10_000,
  firstBytesTimeoutMs: 10_000,
  requestTimeoutMs: 905_000,
  connectionsMax: 10_000,
  requestsPerSocketMax: 10_000,
  idleConnectionMs: 75_000,
  streamsPerConnectionMax: 256,
  sessionMemoryMbMax: 1024,
  streamResetBurstMax: 1_000,
  streamResetsPerSecondMax: 33,
  buildTimeoutMs: 60_000,
  controlTimeoutMs: 15_000,
  feedWaitMs: 30_000,
  feedBackoffMsMax: 5_000,
  resolvedFunctionsMax: 10_000,
  staticCacheBytesMax: 64 * mebibyte,
  slowCallMs: 1_000,
  contentTypeProbeBytesMax: 256 * 1024,
};
