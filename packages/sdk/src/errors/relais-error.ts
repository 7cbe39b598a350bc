import { type ErrorCode, type Fault, faultOfCode } from './codes.js';

const brand = Symbol.for('relais.sdk.error');

/** One message of a compiler, linter or validator. */
export interface Diagnostic {
  /** File name as the caller gave it. */
  readonly file: string;
  /** 1-based; 0 when unknown. */
  readonly line: number;
  /** 1-based; 0 when unknown. */
  readonly column: number;
  /** "error", "warning" or "note". */
  readonly severity: string;
  readonly message: string;
}

/** How a function ended when it did not end well. */
export interface FunctionExit {
  /** 0 when it ended by a trap, an exception or a signal. */
  readonly exitCode: number;
  /** Signal name; empty when there was none. */
  readonly signal: string;
  /** At most 8 KiB. */
  readonly stack: string;
  /** The last 4 KiB of what it wrote to standard error. */
  readonly stderrTail: string;
}

/** A bound that was exceeded. */
export interface LimitHit {
  /** Configuration key with its unit, for example "payloadBytesMax". */
  readonly name: string;
  readonly limit: number;
  /** What was used or asked for; 0 when it cannot be known. */
  readonly used: number;
}

/** Where the time of one call went, microseconds each; the last four are parts of `coldUs`. */
export interface Timings {
  readonly queuedUs: number;
  readonly coldUs: number;
  readonly runUs: number;
  readonly fetchUs: number;
  readonly compileUs: number;
  readonly startUs: number;
  readonly initUs: number;
}

/** What may be known of a failure beside its code and message. */
export interface ErrorFacts {
  readonly reason?: string;
  readonly fault?: Fault;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
  readonly component?: string;
  readonly invocationId?: string;
  readonly traceId?: string;
  readonly diagnostics?: readonly Diagnostic[];
  readonly exit?: FunctionExit;
  readonly limit?: LimitHit;
  readonly timings?: Timings;
  readonly workerId?: string;
  readonly cause?: unknown;
}

/**
 * The one error of this package. Decide by `code` and `reason`, never by the text; recognise it with
 * {@link RelaisError.is}, which works across copies of the package too.
 */
export class RelaisError extends Error {
  readonly [brand] = true;
  readonly code: ErrorCode;
  /** Cause within the code, for example "compile_error"; the code itself when there is no closer word. */
  readonly reason: string;
  readonly fault: Fault;
  /** True when the same request may succeed later without change, and sending it again does no harm. */
  readonly retryable: boolean;
  /** Earliest useful retry, milliseconds from the answer; undefined when there is no advice. */
  readonly retryAfterMs: number | undefined;
  /** Role that raised it; "client" for what never reached the platform. */
  readonly component: string;
  /** Empty when there was no invocation. */
  readonly invocationId: string;
  readonly traceId: string;
  /** What a compiler said, for reason "compile_error". */
  readonly diagnostics: readonly Diagnostic[];
  /** How the function ended, for code "aborted". */
  readonly exit: FunctionExit | undefined;
  /** Which bound was hit. */
  readonly limit: LimitHit | undefined;
  /** Where the time went, for code "deadline_exceeded". */
  readonly timings: Timings | undefined;
  readonly workerId: string;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'RelaisError';
    this.code = code;
    this.reason = facts.reason || code;
    this.fault = facts.fault ?? faultOfCode(code);
    this.retryable = facts.retryable ?? false;
    this.retryAfterMs = facts.retryAfterMs;
    this.component = facts.component ?? '';
    this.invocationId = facts.invocationId ?? '';
    this.traceId = facts.traceId ?? '';
    this.diagnostics = facts.diagnostics ?? [];
    this.exit = facts.exit;
    this.limit = facts.limit;
    this.timings = facts.timings;
    this.workerId = facts.workerId ?? '';
  }

  static is(value: unknown): value is RelaisError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}
