import type { Client, Metadata } from '@grpc/grpc-js';
import { RelaisError } from '../../errors/relais-error.js';
import { systemClock } from '../../time/clock.js';
import { linkBufferBytesMax } from './bounds.js';
import type { RpcMethod } from './definition.js';
import { GrpcLink } from './grpc-link.js';
import type { OpenCalls } from './open-calls.js';
import { errorOfStatus, type Peer, type RpcStatus } from './status.js';

/** Longest a dial waits for the peer to take the link. */
const dialMsMax = 2_000;

/** Longest a link that was closed in good order waits for the peer to close its side. */
const closeMsMax = 5_000;

/**
 * Opens a two-way stream and hands it over once the peer has taken it. Rejects with unavailable when that does not happen
 * within 2 s or the peer refuses; its own reason is then the reason and the cause.
 */
export function dialLink(
  client: Client,
  method: RpcMethod,
  metadata: Metadata,
  peer: Peer,
  openCalls: OpenCalls,
): Promise<GrpcLink<never, unknown>> {
  return new Promise((resolve, reject) => {
    const call = client.makeBidiStreamRequest<Buffer, unknown>(
      method.path,
      (bytes) => bytes,
      method.responseDeserialize,
      metadata,
    );
    const link = new GrpcLink<never, unknown>({
      peer: `${peer.name} at ${peer.address}`,
      stream: call,
      serialize: method.requestSerialize,
      bufferBytesMax: linkBufferBytesMax,
      abort: () => call.cancel(),
    });
    const open = { cancel: () => call.cancel(), close: () => link.close() };
    openCalls.add(open);
    const cancelTimer = systemClock.after(dialMsMax, () => call.cancel());
    call.once('metadata', () => {
      cancelTimer();
      resolve(link);
    });
    // The error comes first when there is one.
    call.on('end', () => link.peerClosed());
    call.on('error', (error) => link.fail(errorOfStatus(error as unknown as RpcStatus, peer, method.path)));
    call.once('finish', () => {
      const cancelClose = systemClock.after(closeMsMax, () => call.cancel());
      call.once('status', cancelClose);
    });
    call.once('status', (status) => {
      openCalls.remove(open);
      cancelTimer();
      reject(refused(errorOfStatus(status, peer, method.path), peer));
    });
  });
}

function refused(error: RelaisError, peer: Peer): RelaisError {
  if (error.code === 'unavailable') return error;
  const message = `${peer.name} at ${peer.address} does not take the link: ${error.message}`;
  return new RelaisError('unavailable', message, { reason: error.fields.reason ?? error.code, cause: error });
}
