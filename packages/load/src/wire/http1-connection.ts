import { connect, type Socket } from 'node:net';
import { Http1Parser } from './http1-parser.js';
import type { Http1Requests } from './http1-requests.js';
import { type Connection, noReply, type Reply, type WireCall } from './reply.js';

/**
 * What every connection of this thread reads into, one at a time: what is not used at once is copied by its parser. A buffer
 * for each read costs more than the call it is for.
 */
const readBuffer = Buffer.alloc(64 * 1024);

/**
 * One keep-alive connection on a bare socket, so that the injector costs little beside what it measures. A connection
 * that breaks is opened anew for the next call.
 */
export class Http1Connection implements Connection {
  readonly #host: string;
  readonly #port: number;
  readonly #timeoutMs: number;
  readonly #requests: Http1Requests;
  #socket: Socket | undefined;
  #done: ((reply: Reply) => void) | undefined;

  constructor({ hostname, port }: URL, requests: Http1Requests, timeoutMs: number) {
    this.#host = hostname.replace(/^\[|\]$/g, '');
    this.#port = Number(port || 80);
    this.#requests = requests;
    this.#timeoutMs = timeoutMs;
  }

  send(call: WireCall, traceparent: string, done: (reply: Reply) => void): void {
    this.#done = done;
    this.#open().write(this.#requests.bytesOf(call, traceparent));
  }

  close(): void {
    this.#done = undefined;
    this.#socket?.destroy();
  }

  #open(): Socket {
    if (this.#socket) return this.#socket;
    const parser = new Http1Parser();
    const socket: Socket = connect({
      host: this.#host,
      port: this.#port,
      noDelay: true,
      onread: { buffer: readBuffer, callback: (bytes) => this.#receive(socket, parser, readBuffer.subarray(0, bytes)) },
    });
    this.#socket = socket;
    // Counted from the last byte either way, by one timer of the socket.
    socket.setTimeout(this.#timeoutMs, () => this.#broken(socket, 'timeout'));
    socket.on('error', () => this.#broken(socket, 'connection'));
    socket.on('close', () => this.#broken(socket, 'connection'));
    return socket;
  }

  #receive(socket: Socket, parser: Http1Parser, chunk: Buffer): boolean {
    try {
      const answer = parser.push(chunk);
      if (!answer) return true;
      if (answer.closes) this.#drop(socket);
      this.#finish({ status: answer.status, grpcStatus: -1, body: answer.body, failure: '' });
    } catch {
      this.#broken(socket, 'protocol');
    }
    return true;
  }

  #broken(socket: Socket, why: string): void {
    if (this.#socket !== socket) return;
    this.#drop(socket);
    if (this.#done) this.#finish(noReply(why));
  }

  #drop(socket: Socket): void {
    this.#socket = undefined;
    socket.destroy();
  }

  #finish(reply: Reply): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(reply);
  }
}
