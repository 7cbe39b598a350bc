import { Code, ConnectError } from '@connectrpc/connect';
import { error as contract } from '@relais/contracts/edge';
import { plain } from '../plain.js';
import { codeOfStatus, type Fault, isErrorCode } from './codes.js';
import { type ErrorFacts, RelaisError } from './relais-error.js';

const faults: Partial<Record<contract.Fault, Fault>> = {
  [contract.Fault.CALLER]: 'caller',
  [contract.Fault.FUNCTION]: 'function',
  [contract.Fault.PLATFORM]: 'platform',
};

const component = 'client';

/** The funnel: whatever a transport throws becomes a RelaisError. */
export function errorOf(thrown: unknown): RelaisError {
  if (RelaisError.is(thrown)) return thrown;
  const failure = ConnectError.from(thrown);
  const [detail] = failure.findDetails(contract.ErrorDetailSchema);
  return detail ? told(detail, failure) : untold(failure);
}

/** A failure the platform told in full. */
function told(detail: contract.ErrorDetail, cause: ConnectError): RelaisError {
  const fault = faults[detail.fault];
  const { exit, limit, timings } = detail;
  const facts: ErrorFacts = {
    reason: detail.reason,
    ...(fault ? { fault } : {}),
    retryable: detail.retryable,
    ...(detail.retryAfterMs > 0 ? { retryAfterMs: detail.retryAfterMs } : {}),
    component: detail.component,
    invocationId: detail.invocationId,
    traceId: detail.traceId,
    diagnostics: detail.diagnostics.map(plain),
    ...(exit ? { exit: plain(exit) } : {}),
    ...(limit ? { limit: plain(limit) } : {}),
    ...(timings ? { timings: plain(timings) } : {}),
    workerId: detail.workerId,
    cause,
  };
  return new RelaisError(
    isErrorCode(detail.code) ? detail.code : 'internal',
    detail.message || cause.rawMessage,
    facts,
  );
}

/** A failure of the client itself, of the network, or of something between us and the platform. */
function untold(failure: ConnectError): RelaisError {
  const { cause, code, rawMessage } = failure;
  if (code === Code.Canceled) {
    return new RelaisError('cancelled', 'The call was given up by its caller.', {
      reason: 'aborted_by_caller',
      component,
      cause: failure,
    });
  }
  if (code === Code.DeadlineExceeded) {
    return new RelaisError('deadline_exceeded', 'No answer came within the time the caller gave the call.', {
      reason: 'client_deadline',
      fault: 'caller',
      component,
      cause: failure,
    });
  }
  if (cause instanceof Error) return unreachable(cause);
  return new RelaisError(codeOfStatus(code), rawMessage, { reason: 'foreign_answer', component, cause: failure });
}

/** What Node says when not one byte of the request can have left. */
const unsent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT']);

function unreachable(cause: Error): RelaisError {
  const systemCode = systemCodeOf(cause);
  const what = systemCode === '' ? cause.message : systemCode;
  // Sent or not is the difference between "try again" and "it may have run".
  const wasSent = !unsent.has(systemCode) && !isOfConnecting(cause);
  const message = wasSent
    ? `The connection to the platform failed (${what}); the request may have arrived.`
    : `The platform cannot be reached (${what}).`;
  return new RelaisError('unavailable', message, {
    reason: wasSent ? 'connection_lost' : 'unreachable',
    fault: 'platform',
    retryable: !wasSent,
    component,
    cause,
  });
}

/** The system's own code; empty when there is none. */
function systemCodeOf(error: Error): string {
  for (const cause of causesOf(error)) if ('code' in cause && typeof cause.code === 'string') return cause.code;
  return '';
}

/** The connection never stood, as when the port that took it closed in that moment. */
function isOfConnecting(error: Error): boolean {
  return causesOf(error).some((cause) => 'syscall' in cause && cause.syscall === 'connect');
}

/** The error itself first; fetch hides what the system said one or two causes deep. */
function causesOf(error: Error): object[] {
  const causes: object[] = [];
  for (let at: unknown = error; causes.length < 4 && at instanceof Object; at = 'cause' in at ? at.cause : undefined) {
    causes.push(at);
  }
  return causes;
}
