import type { Socket } from 'node:net';
import type { GatewayLimits } from '../../limits.js';
import { putBack } from '../first-bytes.js';
import { type PlainHead, type PlainRequest, readPlain } from './plain-request.js';
import { PlainResponse, type PlainWriter } from './plain-response.js';
import { SharedReads } from './shared-reads.js';

/** What all plain connections of a port share. */
export interface PlainService {
  readonly limits: GatewayLimits;
  /** A connection on which nothing moves for so long is cut. */
  readonly quietMs: number;
  /** Whether a request is one for `handle`; it has no effect. */
  readonly takes: (request: PlainRequest) => boolean;
  readonly handle: (connection: PlainConnection, request: PlainRequest, response: PlainResponse) => void;
  /** Takes over a connection, from these bytes on, which are no request for us. */
  readonly leave: (connection: PlainConnection, socket: Socket, bytes: Buffer) => void;
  readonly isClosing: () => boolean;
  /** The value of a date header of now. */
  readonly date: () => string;
}

/**
 * A connection of HTTP/1.1 for as long as each of its requests is a plain call. Node's own server reads and writes anything,
 * through streams, at twice the CPU: an echo took it 57 us, and 28 so. The first bytes that are anything else (a request in
 * parts, one that is not plain, two at once, garbage) go to Node with the connection, for good: it knows all the rules, and
 * here no half of a request is ever waited for.
 */
export class PlainConnection {
  /** Among all plain connections of its port, by when they came. */
  readonly place: number;
  readonly #socket: Socket;
  readonly #service: PlainService;
  readonly #writer: PlainWriter;
  readonly #onData = (bytes: Buffer) => this.#take(bytes);
  readonly #onDrain = () => this.#answer?.drained();
  readonly #onEnd = () => this.#ended();
  readonly #onClose = () => this.#answer?.closed();
  readonly #onQuiet = () => void this.#socket.destroy();
  #answer: PlainResponse | undefined;
  #reads: SharedReads | undefined;
  #requests = 0;
  /** Of the newest request. */
  #head: PlainHead | undefined;
  #isHalfClosed = false;
  /** The answer told the peer that it is. */
  #isLast = false;

  constructor(socket: Socket, service: PlainService, place: number) {
    this.place = place;
    this.#socket = socket;
    this.#service = service;
    this.#writer = {
      socket,
      date: service.date,
      keepsAlive: (isWanted) => this.#keepsAlive(isWanted),
      done: () => this.#answered(),
    };
    socket.on('data', this.#onData);
    socket.on('drain', this.#onDrain);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onClose);
    socket.setTimeout(service.quietMs, this.#onQuiet);
  }

  /** Cuts the connection unless an answer is under way. */
  endIdle(): void {
    if (!this.#answer) this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    // It waits in the socket, which tells of the peer's end only after it.
    if (this.#answer) putBack(this.#socket, Buffer.from(bytes));
    // A peer that was told so and asks all the same is not heard.
    else if (!this.#isLast) this.#serve(bytes);
  }

  #serve(bytes: Buffer): void {
    const { handle, limits, takes } = this.#service;
    const request = readPlain(bytes, this.#socket, limits.headerBytesMax, this.#head);
    if (!request || !takes(request)) {
      this.#leave(Buffer.from(bytes));
      return;
    }
    if (this.#requests === 0) this.#reads = SharedReads.of(this.#socket, this.#onData);
    this.#head = request.head;
    this.#requests += 1;
    this.#answer = new PlainResponse(this.#writer);
    handle(this, request, this.#answer);
  }

  #keepsAlive(isWanted: boolean): boolean {
    const { isClosing, limits } = this.#service;
    this.#isLast = !isWanted || this.#isHalfClosed || isClosing() || this.#requests >= limits.requestsPerSocketMax;
    return !this.#isLast;
  }

  #answered(): void {
    this.#answer = undefined;
    if (this.#isLast || this.#isHalfClosed) this.#socket.destroySoon();
    else this.#socket.resume();
  }

  #ended(): void {
    this.#isHalfClosed = true;
    if (!this.#answer) this.#socket.end();
  }

  #leave(bytes: Buffer): void {
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.off('drain', this.#onDrain);
    socket.off('end', this.#onEnd);
    socket.off('close', this.#onClose);
    socket.setTimeout(0, this.#onQuiet);
    this.#reads?.end();
    this.#service.leave(this, socket, bytes);
  }
}
