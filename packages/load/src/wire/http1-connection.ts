import { connect, type Socket } from 'node:net';
import { Http1Parser } from './http1-parser.js';
import { type Connection, noReply, type Reply, type WireCall } from './reply.js';

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
  #parser = new Http1Parser();
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
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
    this.#socket = socket;
    this.#parser = new Http1Parser();
    // Counted from the last byte either way, by one timer of the socket.
    socket.setTimeout(this.#timeoutMs, () => this.#broken(socket, 'timeout'));
    socket.on('error', () => this.#broken(socket, 'connection'));
    socket.on('close', () => this.#broken(socket, 'connection'));
    socket.on('data', (chunk) => this.#receive(socket, chunk));
    return socket;
  }

  #receive(socket: Socket, chunk: Buffer): void {
    try {
      const answer = this.#parser.push(chunk);
      if (!answer) return;
      if (answer.closes) this.#drop(socket);
      this.#finish({ status: answer.status, grpcStatus: -1, body: answer.body, failure: '' });
    } catch {
      this.#broken(socket, 'protocol');
    }
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
