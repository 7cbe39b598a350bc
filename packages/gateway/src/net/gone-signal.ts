import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import { isHttp2, type ServerRequest } from './messages.js';

const key = Symbol('gone');

interface Watched {
  [key]?: AbortSignal;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * Fires when the caller has gone. HTTP/1.1: one signal per connection, since its end is the end of every request on it
 * and a signal per request would cost more than the request. HTTP/2: one per stream.
 */
export function goneSignal(request: ServerRequest): AbortSignal {
  return isHttp2(request) ? signalOf(request.stream) : signalOf(request.socket as Socket);
}

function signalOf(watched: Watched): AbortSignal {
  const known = watched[key];
  if (known) return known;
  const controller = new AbortController();
  // Pipelined requests share it; each is bounded elsewhere.
  setMaxListeners(0, controller.signal);
  // Without a listener that stays, every call would make and drop the signal's table of listeners, and with it garbage that
  // outlives the quick collections.
  controller.signal.addEventListener('abort', () => {});
  watched.once('close', () => controller.abort());
  watched[key] = controller.signal;
  return controller.signal;
}
