import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '@relais/kit';
import { endToEndHeaders } from './hop-headers.js';
import type { NetworkPolicy } from './network-policy.js';
import type { NetworkRules } from './network-rules.js';
import { reach, Unreachable } from './reach.js';
import { parseTarget, type Target, targetOf, targetText } from './target.js';

/** Bounds of one door. */
export interface DoorLimits {
  /**
   * Connections of the process at once; a further one is closed. Also those that lead on, from the lookup of the name until
   * they have ended; then 503.
   */
  readonly connectionsMax: number;
  /** Head of a request; beyond it 431. */
  readonly headerBytesMax: number;
  /** The head must be complete by then; else 408. */
  readonly headMs: number;
  /** Name and connection together; then 502. */
  readonly connectMs: number;
  /** A connection that moves nothing for so long is closed. */
  readonly idleMs: number;
}

export const defaultDoorLimits: DoorLimits = {
  connectionsMax: 64,
  headerBytesMax: 16 * 1024,
  headMs: 10_000,
  connectMs: 10_000,
  idleMs: 60_000,
};

export interface DoorOptions {
  readonly policy: NetworkPolicy;
  readonly rules: NetworkRules;
  readonly limits: DoorLimits;
  readonly clock: Clock;
  /** Told what was refused, a line each time. */
  readonly refused: (line: string) => void;
}

/**
 * The way out of one process: an HTTP proxy on a Unix socket of its own. Who can connect has been let in; where they may go
 * the policy says for each request anew, and beyond it the rules that hold for all.
 */
export class Door {
  readonly #options: DoorOptions;
  readonly #server: Server;
  /** Those of the process, and those that lead on. */
  readonly #sockets = new Set<Duplex>();
  /** Aborted when that connection of the process is closed. */
  readonly #closed = new WeakMap<Duplex, AbortSignal>();
  /** Connections that lead on, or will. */
  #ways = 0;

  private constructor(options: DoorOptions) {
    this.#options = options;
    const { connectionsMax, headerBytesMax, headMs, idleMs } = options.limits;
    this.#server = createServer({
      maxHeaderSize: headerBytesMax,
      headersTimeout: headMs,
      // A body may come as slowly as it likes, but not stop.
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(1000, headMs),
      keepAliveTimeout: idleMs,
    });
    this.#server.maxConnections = connectionsMax;
    this.#server.timeout = idleMs;
    this.#server.on('connection', (socket) => this.#admit(socket));
    this.#server.on('drop', () => this.#tell(`one connection more than ${connectionsMax} was closed`));
    this.#server.on('connect', (request, socket, head) => void this.#tunnel(request, socket as Socket, head));
    this.#server.on('request', (request, response) => void this.#forward(request, response));
  }

  /** Rejects when the path cannot be listened on. */
  static async open(path: string, options: DoorOptions): Promise<Door> {
    const door = new Door(options);
    door.#server.listen(path);
    await once(door.#server, 'listening');
    door.#server.unref();
    return door;
  }

  /** Ends every connection through it. Safe to call twice. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #tunnel({ url = '' }: IncomingMessage, inside: Socket, head: Buffer): Promise<void> {
    try {
      const target = parseTarget(url);
      if (!target) throw new Unreachable(400, `CONNECT takes HOST:PORT, not ${shown(url)}`);
      const outside = await this.#reach(target, inside);
      inside.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      inside.setTimeout(this.#options.limits.idleMs);
      outside.write(head);
      joined(inside, outside);
    } catch (error) {
      const { status, message } = this.#refusal(error, inside);
      const body = `${message}\n`;
      const heading = `HTTP/1.1 ${status} Refused\r\ncontent-type: text/plain\r\nconnection: close\r\n`;
      inside.end(`${heading}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    }
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = urlOf(request);
      if (!url) {
        throw new Unreachable(
          400,
          `this is a proxy for http://HOST/… and CONNECT HOST:PORT, not ${shown(request.url)}`,
        );
      }
      const outside = await this.#reach(targetOf(url), request.socket);
      await passOn(request, response, url, outside);
    } catch (error) {
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const { status, message } = this.#refusal(error, request.socket);
      // What is left of its body is not read.
      response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${message}\n`);
    }
  }

  async #reach(target: Target, inside: Socket): Promise<Socket> {
    const { clock, limits, policy, rules } = this.#options;
    const { connectMs, connectionsMax } = limits;
    if (!policy.allows(target)) {
      throw new Unreachable(403, `${targetText(target)} is not in the network of this function`);
    }
    // Many requests may come on one connection.
    if (this.#ways >= connectionsMax) {
      throw new Unreachable(503, `one connection more than ${connectionsMax} to the network was refused`);
    }
    this.#ways++;
    const way = reach(target, { rules, clock, connectMs, signal: this.#closedOf(inside) });
    void way.ended.then(() => this.#ways--);
    const outside = await way.socket;
    this.#keep(outside);
    return outside;
  }

  #refusal(error: unknown, inside: Socket): Unreachable {
    const refusal = error instanceof Unreachable ? error : new Unreachable(502, 'the connection failed');
    // Nobody waits for what was given up, for example because the process has ended.
    if (error !== this.#closedOf(inside).reason) this.#tell(refusal.message);
    return refusal;
  }

  #closedOf(inside: Socket): AbortSignal {
    return this.#closed.get(inside) ?? AbortSignal.abort();
  }

  #tell(what: string): void {
    this.#options.refused(`relais: network: ${what}\n`);
  }

  #admit(inside: Socket): void {
    const closed = new AbortController();
    this.#closed.set(inside, closed.signal);
    inside.once('close', () => closed.abort());
    this.#keep(inside);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
    socket.setTimeout(this.#options.limits.idleMs, () => socket.destroy());
  }
}

/** Two sockets become one connection: what one says the other hears, and they end together. */
function joined(inside: Socket, outside: Socket): void {
  inside.pipe(outside);
  outside.pipe(inside);
  outside.once('close', () => inside.destroySoon());
}

/** PHP says the host in a header alone, unless it would have to say it to servers behind a tunnel too. */
function urlOf({ headers: { host = '' }, url = '' }: IncomingMessage): URL | undefined {
  const named = url.startsWith('/') && /^[\w.:[\]-]+$/.test(host);
  const parsed = URL.parse(named ? `http://${host}${url}` : url);
  return parsed?.protocol === 'http:' ? parsed : undefined;
}

/** One request and its answer. The host it names is the one that was looked at, whatever its headers say. */
async function passOn(request: IncomingMessage, response: ServerResponse, url: URL, outside: Socket): Promise<void> {
  const headers = endToEndHeaders(request).filter(([name]) => name.toLowerCase() !== 'host');
  const onward = httpRequest({
    createConnection: () => outside,
    method: request.method ?? 'GET',
    path: `${url.pathname}${url.search}`,
    headers: [['host', url.host], ...headers, ...bodyHeaders(request), ['connection', 'close']].flat(),
  });
  const answered = once(onward, 'response') as Promise<[IncomingMessage]>;
  const sent = pipeline(request, onward);
  const [answer] = await Promise.race([answered, sent.then(() => answered)]);
  response.writeHead(answer.statusCode ?? 502, endToEndHeaders(answer).flat());
  await pipeline(answer, response);
  await sent;
}

/** A body without its length says where it ends, whatever the method; else it would be read as further requests. */
function bodyHeaders({ headers }: IncomingMessage): [string, string][] {
  return headers['transfer-encoding'] === undefined ? [] : [['transfer-encoding', 'chunked']];
}

function shown(text = ''): string {
  return JSON.stringify(text.slice(0, 80));
}
