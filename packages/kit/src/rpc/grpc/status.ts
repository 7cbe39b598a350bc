import { Metadata, status as Status } from '@grpc/grpc-js';
import { ErrorDetail } from '@relais/contracts';
import { codeOfGrpcStatus, errorCodes } from '../../errors/codes.js';
import { fromDetail, RelaisError, toDetail } from '../../errors/relais-error.js';

const detailKey = 'relais-error-bin';

/** Trailing metadata must fit Node's 64 KiB of headers after base64; a longer detail is cut to its essentials. */
const detailBytesMax = 32 * 1024;
const messageCharsMax = 4 * 1024;
const headlineCharsMax = 512;
const diagnosticsMax = 16;

/** The status a call ends with. */
export interface RpcStatus {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Whom a client talks to, for messages. */
export interface Peer {
  /** Role or name, for example "balancer". */
  readonly name: string;
  readonly address: string;
}

/** The gRPC status of a failure, with its wire form in trailing metadata. */
export function statusOf(error: RelaisError): RpcStatus {
  const metadata = new Metadata();
  metadata.set(detailKey, detailBytes(error));
  return { code: errorCodes[error.code].grpcStatus, details: headline(error.message), metadata };
}

/** grpc-js percent-encodes the text, which throws on half a surrogate pair. */
function headline(message: string): string {
  return message.slice(0, headlineCharsMax).toWellFormed();
}

function detailBytes(error: RelaisError): Buffer {
  const detail = toDetail(error);
  const bytes = ErrorDetail.encode(detail).finish();
  if (bytes.length <= detailBytesMax) return Buffer.from(bytes);
  const cut: ErrorDetail = {
    ...detail,
    message: detail.message.slice(0, messageCharsMax).toWellFormed(),
    diagnostics: detail.diagnostics
      .slice(0, diagnosticsMax)
      .map((one) => ({ ...one, message: one.message.slice(0, headlineCharsMax).toWellFormed() })),
    exit: undefined,
  };
  return Buffer.from(ErrorDetail.encode(cut).finish());
}

/**
 * The failure a status stands for: the peer's own RelaisError when it sent one, else by status code. A connection that
 * could not be made or was lost is unavailable, reason peer_unreachable.
 */
export function errorOfStatus(status: RpcStatus, peer: Peer, what: string): RelaisError {
  return ownError(status.metadata) ?? transportError(status, peer, what);
}

function ownError(metadata: Metadata | undefined): RelaisError | undefined {
  const bytes = metadata?.get(detailKey)[0];
  if (!(bytes instanceof Buffer)) return undefined;
  try {
    return fromDetail(ErrorDetail.decode(bytes));
  } catch {
    return undefined;
  }
}

function transportError(status: RpcStatus, peer: Peer, what: string): RelaisError {
  // A peer that is cut off resets its streams as cancelled; our own cancels never come here.
  if (status.code === Status.UNAVAILABLE || status.code === Status.CANCELLED) {
    return unreachable(peer, status.details);
  }
  const cause = causeOf(peer, `${what}: ${status.details}`);
  if (status.code === Status.DEADLINE_EXCEEDED) {
    const message = `No answer from ${peer.name} within the budget of the call; try again shortly.`;
    return new RelaisError('deadline_exceeded', message, { reason: 'peer_slow', fault: 'platform', cause });
  }
  const message = `A call to ${peer.name} was refused; the cause is in the log.`;
  return new RelaisError(codeOfGrpcStatus(status.code), message, { fault: 'platform', cause });
}

/** A peer that cannot be reached, with what to do. Where it was looked for, and why not found, is in the cause. */
export function unreachable(peer: Peer, why: string): RelaisError {
  return new RelaisError(
    'unavailable',
    `Cannot reach ${peer.name}; try again shortly, and check that it runs if this lasts.`,
    { reason: 'peer_unreachable', cause: causeOf(peer, why) },
  );
}

/** The same of a call that was not sent at all. */
export function notSent(peer: Peer, why: string): RelaisError {
  return unreachable(peer, why).with({ notStarted: true });
}

// Addresses are for our log: the message of a failure may go all the way to a caller.
function causeOf(peer: Peer, what: string): Error {
  return new Error(`${peer.name} at ${peer.address}: ${what}`);
}
