/**
 * Types for those who write functions in TypeScript. Nothing here exists at run time, and nothing is imported:
 * `import type { Handler } from '@relais/sdk/function'`.
 */

/** Writes log lines of the current invocation. */
export interface Logger {
  debug(...values: unknown[]): void;
  info(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
}

/** The request of an HTTP trigger, `ANY /fn/NAME[/path]`; its body is the event. */
export interface HttpRequest {
  /** Upper case. */
  readonly method: string;
  /** What follows /fn/NAME; begins with "/" or is empty. */
  readonly path: string;
  /** As sent, without "?". */
  readonly query: string;
  /** By name in lower case; several of one name are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What a handler knows of the call it answers. */
export interface Context {
  readonly invocationId: string;
  readonly functionName: string;
  /** NAME_UNIXSECONDS of the version that runs. */
  readonly functionId: string;
  readonly version: number;
  /** When the call must be answered, milliseconds since 1970. */
  readonly deadlineMs: number;
  /** W3C trace context of this call. */
  readonly traceparent: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly logger: Logger;
  /** Present when the call came through the HTTP trigger. */
  readonly http?: HttpRequest;
  /** Milliseconds left before the deadline; never below 0. */
  getRemainingTimeMs(): number;
}

/** An answer with a status and headers, for the HTTP trigger. */
export interface HttpResponse {
  /** 200 to 599. */
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string | number | readonly string[]>>;
  /** A text and bytes as they are, anything else as JSON. */
  readonly body?: unknown;
  /** True when body is text that stands for bytes. */
  readonly isBase64Encoded?: boolean;
}

/**
 * A handler: `export const handler: Handler<Event, Result> = …`. The event is the parsed JSON payload, the text when it
 * is not JSON, the bytes when it is no text, null when it is empty. A text or bytes it returns are the output as they
 * are, anything else as JSON; a generator's values are joined in order.
 */
export type Handler<Event = unknown, Result = unknown> = (
  event: Event,
  context: Context,
) => Result | Promise<Result> | Iterator<Result> | AsyncIterator<Result>;
