import type { Socket } from 'node:net';
import type { Clock } from '@relais/kit';

// No HTTP/1.1 request begins so.
const prefaceStart = Buffer.from('PRI * HTTP/2.0');

/**
 * Tells the protocol of a connection by its first bytes and hands the socket on as if they had not been read. Nothing
 * within timeoutMs: the socket is destroyed.
 */
export function awaitFirstBytes(
  socket: Socket,
  clock: Clock,
  timeoutMs: number,
  decided: (protocol: 'h1' | 'h2') => void,
): void {
  let seen: Buffer = Buffer.alloc(0);
  const cancel = clock.after(timeoutMs, () => socket.destroy());
  socket.on('data', look);
  socket.once('end', giveUp);
  socket.once('close', cancel);

  function look(chunk: Buffer): void {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, prefaceStart.length);
    const isPreface = seen.subarray(0, length).equals(prefaceStart.subarray(0, length));
    if (isPreface && length < prefaceStart.length) return;
    cancel();
    socket.off('data', look);
    socket.off('end', giveUp);
    socket.off('close', cancel);
    putBack(socket, seen);
    decided(isPreface ? 'h2' : 'h1');
    // An HTTP/2 session takes what was put back and then reads for itself; resuming would hand it the bytes too late.
    if (!isPreface) socket.resume();
  }

  // The peer said all it had to say, and it was no request.
  function giveUp(): void {
    socket.destroy();
  }
}

/** Puts bytes back before all that has not been read; the socket must be resumed then. */
export function putBack(socket: Socket, bytes: Buffer): void {
  socket.pause();
  socket.unshift(bytes);
}
