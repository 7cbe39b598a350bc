import type { Socket } from 'node:net';
import type { Clock } from '@relais/kit';
import { type Http1Answer, isStreaming } from './messages.js';

const probeMs = 100;
// Some clients take no more interim answers than that.
const probesMax = 5;

/**
 * A peer that ended its side may have gone, or may wait for its answer: TCP tells only when something is sent to it. So
 * an unanswered HTTP/1.1 request gets interim answers (100, which every client skips), and those close the connection of
 * a peer that has gone: after two probes, or more when a round trip takes longer than probeMs. HTTP/1.0 knows no interim
 * answers, and calls of a peer further away than all probes go on to their end, as they would without. A peer that ends
 * its side in the middle of a stream is taken to have gone: nothing harmless can be sent in there, and the function would
 * run on for nobody.
 */
export function probeHalfClosed(socket: Socket, response: Http1Answer | undefined, clock: Clock): void {
  if (response && isStreaming(response)) {
    socket.destroy();
    return;
  }
  if (!response || response.req.httpVersion === '1.0') return;
  let probes = 0;
  const stop = clock.every(probeMs, probe);
  socket.once('close', stop);

  function probe(): void {
    probes += 1;
    if (response?.headersSent || probes > probesMax) stop();
    else response?.writeContinue();
  }
}
