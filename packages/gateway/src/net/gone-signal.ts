import type { Socket } from 'node:net';
import { Cancellation, type CancelSignal } from '@relais/kit';
import { isHttp2, type ServerRequest } from './messages.js';

const key = Symbol('gone');

interface Watched {
  [key]?: CancelSignal;
  once(event: 'close', listener: () => void): unknown;
}

/** Fires when the caller has gone. HTTP/1.1: one signal per connection, whose end is the end of every request on it; HTTP/2: one per stream. */
export function goneSignal(request: ServerRequest): CancelSignal {
  return isHttp2(request) ? signalOf(request.stream) : signalOf(request.socket as Socket);
}

function signalOf(watched: Watched): CancelSignal {
  const known = watched[key];
  if (known) return known;
  const gone = new Cancellation();
  watched.once('close', () => gone.cancel());
  watched[key] = gone;
  return gone;
}
