import type { Socket } from 'node:net';
import type { Clock } from '@relais/kit';
import type { Http1Answer } from './messages.js';

const checksPerIdleTime = 20;

/** A connection of HTTP/1.1, its last answer, and since when it has received nothing after it, monotonic milliseconds. */
interface Served {
  answer: Http1Answer | undefined;
  receivedBytes: number;
  quietSinceMs: number;
}

/**
 * Ends connections on which nothing has come for a while after an answer. One ticker for all: Node's own bound sets two timers
 * for each request, which is a fortieth of a call.
 */
export class IdleConnections {
  readonly #served = new Map<Socket, Served>();
  readonly #clock: Clock;
  readonly #idleMs: number;
  #stopTicking: (() => void) | undefined;

  constructor(clock: Clock, idleMs: number) {
    this.#clock = clock;
    this.#idleMs = idleMs;
  }

  /** Until the connection is closed. */
  watch(socket: Socket): void {
    this.#served.set(socket, { answer: undefined, receivedBytes: 0, quietSinceMs: 0 });
    socket.once('close', () => this.#closed(socket));
    this.#stopTicking ??= this.#clock.every(this.#idleMs / checksPerIdleTime, () => this.#endIdle());
  }

  answering(socket: Socket, answer: Http1Answer): void {
    const served = this.#served.get(socket);
    if (served) served.answer = answer;
  }

  lastAnswer(socket: Socket): Http1Answer | undefined {
    return this.#served.get(socket)?.answer;
  }

  #closed(socket: Socket): void {
    this.#served.delete(socket);
    if (this.#served.size > 0) return;
    this.#stopTicking?.();
    this.#stopTicking = undefined;
  }

  #endIdle(): void {
    const nowMs = this.#clock.nowMs();
    for (const [socket, served] of this.#served) {
      const isQuiet = served.answer?.writableFinished && socket.bytesRead === served.receivedBytes;
      if (!isQuiet) {
        served.receivedBytes = socket.bytesRead;
        served.quietSinceMs = nowMs;
      } else if (nowMs - served.quietSinceMs >= this.#idleMs) socket.destroy();
    }
  }
}
