import { connect, type Socket } from 'node:net';
import { Http1Parser } from './http1-parser.js';
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
  /** Request heads by call: the bytes are the same each time but for the trace. */
  readonly #heads = new Map<WireCall, string>();
  #socket: Socket | undefined;
  #done: ((reply: Reply) => void) | undefined;

  constructor(url: URL, timeoutMs: number) {
    this.#host = url.hostname.replace(/^\[|\]$/g, '');
    this.#port = Number(url.port || 80);
    this.#timeoutMs = timeoutMs;
  }

  send(call: WireCall, traceparent: string, done: (reply: Reply) => void): void {
    this.#done = done;
    const trace = traceparent === '' ? '\r\n' : `traceparent: ${traceparent}\r\n\r\n`;
    const head = this.#headOf(call) + trace;
    const socket = this.#open();
    if (call.body.length === 0) socket.write(head, 'latin1');
    else {
      const request = Buffer.allocUnsafe(head.length + call.body.length);
      request.write(head, 'latin1');
      call.body.copy(request, head.length);
      socket.write(request);
    }
  }

  close(): void {
    this.#done = undefined;
    this.#socket?.destroy();
  }

  #headOf(call: WireCall): string {
    let head = this.#heads.get(call);
    if (head === undefined) {
      const headers = {
        host: `${this.#host}:${this.#port}`,
        ...call.headers,
        'content-length': String(call.body.length),
      };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      head = `POST ${call.path} HTTP/1.1\r\n${lines.join('')}`;
      this.#heads.set(call, head);
    }
    return head;
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
