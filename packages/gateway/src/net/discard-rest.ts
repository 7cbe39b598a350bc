import type { IncomingMessage } from 'node:http';
import type { Clock } from '@relais/kit';
import type { GatewayLimits } from '../limits.js';

/**
 * Reads the rest of a request's body and throws it away, then calls back once. Over discardBytesMax or discardMs the
 * connection is cut instead.
 */
export function discardRest(request: IncomingMessage, clock: Clock, limits: GatewayLimits, done: () => void): void {
  let discarded = 0;
  const cancel = clock.after(limits.discardMs, () => request.socket.destroy());
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > limits.discardBytesMax) request.socket.destroy();
  });
  request.once('end', done);
  request.once('close', cancel);
  request.resume();
}
