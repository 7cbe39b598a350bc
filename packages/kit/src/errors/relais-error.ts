import {
  type Diagnostic,
  type ErrorDetail,
  Fault,
  type FunctionExit,
  type LimitHit,
  type Timings,
} from '@relais/contracts';
import { type ErrorCode, errorCodes, type FaultParty, isErrorCode } from './codes.js';

const brand = Symbol.for('relais.error');

/** What may be said of a failure beside its code and message. Units are in the names. */
export interface ErrorFields {
  /** Machine-readable cause within the code, for example "compile_error". */
  reason?: string;
  /** Whose fault; the code's default when absent. */
  fault?: FaultParty;
  /** Role that raised it. */
  component?: string;
  invocationId?: string;
  traceId?: string;
  retryable?: boolean;
  /** Computed earliest useful retry, milliseconds from now. */
  retryAfterMs?: number;
  diagnostics?: readonly Diagnostic[];
  exit?: FunctionExit;
  limit?: LimitHit;
  timings?: Timings;
  workerId?: string;
  /** Times the work was handed to a worker. */
  attempts?: number;
  /** The work has provably not started: sending it again cannot run it twice. */
  notStarted?: boolean;
  /** Stays in our log; never sent to a caller. */
  cause?: unknown;
}

/**
 * The one error type. A message says what happened, whose fault it is and what to do. Compare `code` and `reason`, never
 * the text; recognise it with {@link RelaisError.is}, never with `instanceof`.
 */
export class RelaisError extends Error {
  readonly code: ErrorCode;
  readonly fields: Readonly<ErrorFields>;
  readonly [brand] = true;

  constructor(code: ErrorCode, message: string, fields: ErrorFields = {}) {
    const { stackTraceLimit } = Error;
    // Where it was made is of use only for failures of our own; it is most of what a refusal costs, and they come in floods.
    const isRefusal = code === 'resource_exhausted' || (fields.fault ?? errorCodes[code].fault) === 'caller';
    if (isRefusal) Error.stackTraceLimit = 0;
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'RelaisError';
    this.code = code;
    this.fields = fields;
  }

  get fault(): FaultParty {
    return this.fields.fault ?? errorCodes[this.code].fault;
  }

  get retryable(): boolean {
    return this.fields.retryable ?? errorCodes[this.code].retryable;
  }

  /** The same failure with more said of it, itself where nothing is new; fields already set win. */
  with(fields: ErrorFields): RelaisError {
    const isKnown = Object.keys(fields).every((name) => name in this.fields);
    return isKnown ? this : new RelaisError(this.code, this.message, { ...fields, ...this.fields });
  }

  static is(value: unknown): value is RelaisError {
    return typeof value === 'object' && value !== null && brand in value;
  }

  /** The funnel: anything thrown becomes a RelaisError; what we do not know is "internal" with the cause kept. */
  static from(value: unknown): RelaisError {
    if (RelaisError.is(value)) return value;
    return new RelaisError('internal', 'Relais failed on its own account; the cause is in its log.', { cause: value });
  }
}

const faultToWire: Record<FaultParty, Fault> = {
  caller: Fault.FAULT_CALLER,
  function: Fault.FAULT_FUNCTION,
  platform: Fault.FAULT_PLATFORM,
};

const faultOfWire: Partial<Record<Fault, FaultParty>> = {
  [Fault.FAULT_CALLER]: 'caller',
  [Fault.FAULT_FUNCTION]: 'function',
  [Fault.FAULT_PLATFORM]: 'platform',
};

const uint32Max = 2 ** 32 - 1;

/** The wire form of a failure. The cause is left behind. */
export function toDetail(error: RelaisError): ErrorDetail {
  const { fields } = error;
  return {
    code: error.code,
    message: error.message,
    reason: fields.reason ?? '',
    fault: faultToWire[error.fault],
    component: fields.component ?? '',
    invocationId: fields.invocationId ?? '',
    traceId: fields.traceId ?? '',
    retryable: error.retryable,
    retryAfterMs: Math.min(Math.ceil(Math.max(0, fields.retryAfterMs || 0)), uint32Max),
    diagnostics: wireDiagnostics(fields.diagnostics ?? []),
    exit: fields.exit,
    limit: fields.limit,
    timings: fields.timings,
    workerId: fields.workerId ?? '',
    attempts: fields.attempts ?? 0,
    notStarted: fields.notStarted ?? false,
  };
}

/** Diagnostics as they can travel. What compilers say comes from their input: a place that no source has becomes unknown. */
export function wireDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.map((said) => ({ ...said, line: wirePlace(said.line), column: wirePlace(said.column) }));
}

function wirePlace(place: number): number {
  return Number.isInteger(place) && place > 0 && place <= uint32Max ? place : 0;
}

/** The failure a wire form stands for. An unknown code is "internal". */
export function fromDetail(detail: ErrorDetail): RelaisError {
  const fields: ErrorFields = { retryable: detail.retryable };
  const fault = faultOfWire[detail.fault];
  if (fault) fields.fault = fault;
  if (detail.reason) fields.reason = detail.reason;
  if (detail.component) fields.component = detail.component;
  if (detail.invocationId) fields.invocationId = detail.invocationId;
  if (detail.traceId) fields.traceId = detail.traceId;
  if (detail.retryAfterMs) fields.retryAfterMs = detail.retryAfterMs;
  if (detail.diagnostics.length > 0) fields.diagnostics = detail.diagnostics;
  if (detail.exit) fields.exit = detail.exit;
  if (detail.limit) fields.limit = detail.limit;
  if (detail.timings) fields.timings = detail.timings;
  if (detail.workerId) fields.workerId = detail.workerId;
  if (detail.attempts) fields.attempts = detail.attempts;
  if (detail.notStarted) fields.notStarted = true;
  return new RelaisError(isErrorCode(detail.code) ? detail.code : 'internal', detail.message, fields);
}
