import { type OutgoingHttpHeaders, STATUS_CODES, validateHeaderValue } from 'node:http';
import type { Socket } from 'node:net';

/** What a response needs of the connection it is written to. */
export interface PlainWriter {
  readonly socket: Socket;
  /** The value of a date header of now. */
  readonly date: () => string;
  /** Whether another request may come after this one, unless this answer wants none; asked when it is written. */
  readonly keepsAlive: (isWanted: boolean) => boolean;
  /** Told once that the answer is out; not when the connection was cut before. */
  readonly done: () => void;
}

/** The kernel has taken what it had not; the answer is out, or its connection is cut. */
type PlainEvent = 'drain' | 'close';

const lastChunk = '0\r\n\r\n';

/**
 * The answer to a plain request, with as much of Node's response as REST uses: one write where the body is known, else chunks.
 * Header names, and what else must not be in a body of status 204 or 304, are for the caller to see to.
 */
export class PlainResponse {
  /** Of the request no more than that: the last answer of an idle connection is remembered, and its body must not be. */
  readonly req = { httpVersion: '1.1' } as const;
  readonly #writer: PlainWriter;
  /** Who is told, by event. Two listen to each answer, for which an emitter took 0.57 us and these take 0.10. */
  readonly #listeners: Readonly<Record<PlainEvent, (() => void)[]>> = { drain: [], close: [] };
  #head = '';
  #isChunked = false;
  #isEnded = false;
  #isClosed = false;
  #isFinished = false;

  constructor(writer: PlainWriter) {
    this.#writer = writer;
  }

  get headersSent(): boolean {
    return this.#head !== '';
  }

  get destroyed(): boolean {
    return this.#writer.socket.destroyed;
  }

  get writableEnded(): boolean {
    return this.#isEnded;
  }

  /** Whether the kernel has taken all of it. */
  get writableFinished(): boolean {
    return this.#isFinished;
  }

  /** Bytes the kernel has not taken. */
  get writableLength(): number {
    return this.#writer.socket.writableLength;
  }

  get writableNeedDrain(): boolean {
    return this.#writer.socket.writableNeedDrain;
  }

  on(event: PlainEvent, listener: () => void): this {
    this.#listeners[event].push(listener);
    return this;
  }

  /** A close comes once. */
  once(event: 'close', listener: () => void): this {
    return this.on(event, listener);
  }

  off(event: PlainEvent, listener: () => void): this {
    const listeners = this.#listeners[event];
    const at = listeners.indexOf(listener);
    if (at >= 0) listeners.splice(at, 1);
    return this;
  }

  writeContinue(): void {
    this.#writer.socket.write('HTTP/1.1 100 Continue\r\n\r\n');
  }

  /** Throws where a value is not one HTTP allows. It goes out with what comes next. */
  writeHead(status: number, headers: OutgoingHttpHeaders): this {
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
    for (const name in headers) if (name !== 'connection') head += headerLines(name, headers[name]);
    const connection = this.#writer.keepsAlive(headers.connection !== 'close') ? 'keep-alive' : 'close';
    this.#head = `${head}Date: ${this.#writer.date()}\r\nConnection: ${connection}\r\n`;
    return this;
  }

  /** Sends the head: the body comes in chunks. */
  flushHeaders(): void {
    this.#isChunked = true;
    this.#writer.socket.write(`${this.#head}Transfer-Encoding: chunked\r\n\r\n`, 'latin1');
  }

  /** Writes a chunk, after the head. False: the kernel has not taken all. */
  write(part: string | Uint8Array): boolean {
    const { socket } = this.#writer;
    const bytes = Buffer.byteLength(part);
    // One of no length would be the last.
    if (bytes === 0) return !socket.writableNeedDrain;
    socket.cork();
    socket.write(`${bytes.toString(16)}\r\n`, 'latin1');
    socket.write(part);
    const isTaken = socket.write('\r\n', 'latin1');
    socket.uncork();
    return isTaken;
  }

  /** Writes the rest: all of the body, or after the head the last of its chunks. A text of encoding latin1 must be ASCII. */
  end(body: string | Uint8Array = '', encoding: 'latin1' | 'utf8' = 'utf8'): this {
    this.#isEnded = true;
    const { socket } = this.#writer;
    // When the connection is cut its close is told.
    const out = (error?: Error | null) => {
      if (!error) this.#out();
    };
    if (this.#isChunked) {
      this.write(body);
      socket.write(lastChunk, 'latin1', out);
    } else if (typeof body === 'string') socket.write(`${this.#head}\r\n${body}`, encoding, out);
    else {
      // In one piece also for the kernel.
      socket.cork();
      socket.write(`${this.#head}\r\n`, 'latin1');
      socket.write(body, out);
      socket.uncork();
    }
    return this;
  }

  /** Cuts the connection. */
  destroy(): this {
    this.#writer.socket.destroy();
    return this;
  }

  /** Must be told when the kernel has taken all it had not. */
  drained(): void {
    for (const listener of [...this.#listeners.drain]) listener();
  }

  /** Must be told when the connection is cut. */
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const listener of this.#listeners.close.splice(0)) listener();
  }

  #out(): void {
    if (this.#isClosed) return;
    this.#isFinished = true;
    this.closed();
    this.#writer.done();
  }
}

function headerLines(name: string, value: OutgoingHttpHeaders[string]): string {
  if (Array.isArray(value)) return value.map((each) => headerLines(name, each)).join('');
  if (typeof value === 'string') validateHeaderValue(name, value);
  return value === undefined ? '' : `${name}: ${value}\r\n`;
}
