import { type handleBidiStreamingCall, Metadata } from '@grpc/grpc-js';
import type { Link } from '../link.js';
import { linkBufferBytesMax } from './bounds.js';
import type { LinkContext } from './definition.js';
import { GrpcLink } from './grpc-link.js';
import type { ServiceHost } from './service-host.js';
import { type Peer, statusOf, unreachable } from './status.js';
import { failureOf, traceparentOf } from './unary-handler.js';

export type LinkFunction = (link: Link<unknown, unknown>, context: LinkContext) => void;

/** Adapts one two-way streaming method of a role to grpc-js. What it writes must already be serialized. */
export function linkHandler(
  run: LinkFunction,
  method: { readonly path: string; readonly serialize: (message: never) => Buffer },
  component: string,
  host: ServiceHost,
): handleBidiStreamingCall<unknown, Buffer> {
  return (call) => {
    const peer: Peer = { name: 'the dialling side', address: peerAddress(call.getPeer(), host.address()) };
    const link = new GrpcLink<never, unknown>({
      peer: peer.address,
      stream: call,
      serialize: method.serialize,
      bufferBytesMax: linkBufferBytesMax,
      // An error event is how a grpc-js handler ends a stream with a status.
      abort: (error) => call.emit('error', statusOf(error.with({ component }))),
    });
    call.on('error', () => {});
    call.once('cancelled', () => link.fail(unreachable(peer, 'its connection or its call has ended')));
    call.on('end', () => {
      // A connection that breaks ends the stream like a peer that closes it. Anything sent makes grpc-js look at the
      // transport, and if that is gone "cancelled" comes within this turn.
      call.sendMetadata(new Metadata());
      setImmediate(() => link.peerClosed());
    });
    // The other side takes the link for open when it sees these.
    call.sendMetadata(new Metadata());
    const traceparent = traceparentOf(call.metadata);
    const context: LinkContext = { draining: host.draining, ...(traceparent ? { traceparent } : {}) };
    try {
      run(link as Link<unknown, unknown>, context);
    } catch (thrown) {
      const error = failureOf(thrown, method.path, component, host.logger);
      call.emit('error', statusOf(error));
      link.fail(error);
    }
  };
}

/** Peers on a Unix socket have no address of their own. */
function peerAddress(given: string, serverAddress: string): string {
  return given === 'unknown' ? serverAddress : given;
}
