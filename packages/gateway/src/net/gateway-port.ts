import http from 'node:http';
import http2 from 'node:http2';
import type net from 'node:net';
import tls from 'node:tls';
import { type Clock, type Logger, RelaisError } from '@relais/kit';
import type { GatewayLimits } from '../limits.js';
import { AcceptingPort } from './accepting-port.js';
import { answerClientError, refuseRequest, refuseSocket } from './client-error.js';
import { awaitFirstBytes, putBack } from './first-bytes.js';
import { probeHalfClosed } from './half-closed.js';
import { httpDates } from './http-date.js';
import { IdleConnections } from './idle-connections.js';
import type { ServerRequest, ServerResponse } from './messages.js';
import { CallTurns } from './plain/call-turns.js';
import { PlainConnection, type PlainService } from './plain/plain-connection.js';
import type { PlainRequest } from './plain/plain-request.js';
import { brokenRule, noTunnel, unknownExpectation } from './request-rules.js';
import type { TlsFiles } from './tls-files.js';
import { turnOfLoop } from './turn-of-loop.js';

const inactivitySlackMs = 5_000;
const idleCheckMs = 100;
/** On closing, a connection that was accepted may still bring its request within this. */
const lastRequestMs = 500;

/** Serves one request of either protocol; never rejects and never throws. */
export type RequestHandler = (request: ServerRequest, response: ServerResponse) => void;

export interface GatewayPortOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly limits: GatewayLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly handler: RequestHandler;
  /** Whether a plain request is one that the handler can take; else Node reads it. It has no effect. */
  readonly takesPlain: (request: PlainRequest) => boolean;
  /** Present: the port speaks TLS, and nothing else. */
  readonly tls?: TlsFiles | undefined;
}

/**
 * One TCP port that speaks HTTP/1.1 and HTTP/2: as agreed by ALPN where there is TLS, else told apart by the first bytes
 * of a connection.
 */
export class GatewayPort {
  readonly #options: GatewayPortOptions;
  readonly #tcp: AcceptingPort;
  readonly #http1: http.Server;
  readonly #http2: http2.Http2Server;
  readonly #tls: tls.Server | undefined;
  readonly #sockets = new Set<net.Socket>();
  // Accepted, and nothing said yet, by peer: what is beneath TLS cannot be told from what is above by anything else.
  readonly #undecided = new Map<string, net.Socket>();
  readonly #sessions = new Set<http2.ServerHttp2Session>();
  readonly #plain: PlainService;
  readonly #plainConnections = new Set<PlainConnection>();
  /** Ever. */
  #plainCount = 0;
  readonly #idle: IdleConnections;
  #closing = false;
  #stopWatching = () => {};

  constructor(options: GatewayPortOptions) {
    this.#options = options;
    this.#idle = new IdleConnections(options.clock, options.limits.idleConnectionMs);
    this.#plain = this.#servePlain();
    this.#http1 = this.#createHttp1();
    this.#http2 = this.#createHttp2();
    this.#tcp = new AcceptingPort({
      host: options.host,
      port: options.port,
      clock: options.clock,
      accept: (socket) => this.#accept(socket),
      failed: (error) => options.logger.warn({ error: error.message }, 'The port had an error.'),
    });
    this.#tls = options.tls && this.#createTls();
  }

  /** Where it listens; known after listen. */
  get url(): string {
    const { address } = this.#tcp;
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `${this.#tls ? 'https' : 'http'}://${host}:${address.port}`;
  }

  /** Rejects with failed_precondition reason cannot_listen or tls_unusable. */
  async listen(): Promise<void> {
    const { host, port, tls: files } = this.#options;
    if (files) {
      this.#tls?.setSecureContext(await files.load());
      this.#stopWatching = files.watch((identity) => this.#tls?.setSecureContext(identity));
    }
    await this.#tcp.listen().catch((cause: Error) => {
      throw cannotListen(host, port, cause);
    });
    // It does not listen itself, but its timeouts on headers and requests begin with this event.
    this.#http1.emit('listening');
  }

  /**
   * Takes no new connections, of which it tells by `shut`, lets requests end within graceMs, then cuts what is left. Only then
   * is anybody told to leave: they come back at once, and would be in the way of the last who are taken.
   */
  async close(graceMs: number, shut: () => void): Promise<void> {
    this.#stopWatching();
    await this.#tcp.shut();
    this.#closing = true;
    shut();
    this.#http1.close();
    this.#endIdle();
    for (const session of this.#sessions) session.close();
    const { clock } = this.#options;
    const cancelCut = clock.after(graceMs, () => this.#cut());
    // A connection whose answer was already on its way falls idle only now, and would be kept alive.
    const stopTicking = clock.every(idleCheckMs, () => this.#endIdle());
    const cancelEnd = clock.after(Math.min(graceMs, lastRequestMs), () => void this.#endUndecided());
    if (graceMs <= 0) this.#cut();
    await this.#tcp.ended();
    cancelCut();
    cancelEnd();
    stopTicking();
  }

  /** Of a loop that was late, a request may have come in time and be unread: everything there is is read first. */
  async #endUndecided(): Promise<void> {
    await turnOfLoop();
    await turnOfLoop();
    for (const socket of this.#undecided.values()) socket.destroy();
  }

  #endIdle(): void {
    this.#http1.closeIdleConnections();
    for (const connection of this.#plainConnections) connection.endIdle();
  }

  #cut(): void {
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: net.Socket): void {
    const peer = peerOf(socket);
    if (this.#sockets.size >= this.#options.limits.connectionsMax) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    this.#undecided.set(peer, socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#undecided.delete(peer);
    });
    // A peer's reset is no concern of anyone else's; whoever waits on the socket hears of its close.
    socket.on('error', () => socket.destroy());
    if (this.#tls) this.#tls.emit('connection', socket);
    else this.#listenTo(socket);
  }

  #listenTo(socket: net.Socket): void {
    const { clock, limits } = this.#options;
    awaitFirstBytes(socket, clock, limits.firstBytesTimeoutMs, (protocol) => this.#serve(socket, protocol));
  }

  #serve(socket: net.Socket, protocol: 'h1' | 'h2'): void {
    const { clock } = this.#options;
    this.#undecided.delete(peerOf(socket));
    // An HTTP/2 peer that can acknowledge nothing any more has left its streams, and Node does not close them.
    if (protocol === 'h2') socket.once('end', () => socket.destroy());
    else {
      this.#idle.watch(socket);
      socket.once('end', () => probeHalfClosed(socket, this.#idle.lastAnswer(socket), clock));
    }
    if (protocol === 'h2') this.#http2.emit('connection', socket);
    else this.#begin(socket);
  }

  /** As a plain connection, which it may stay. */
  #begin(socket: net.Socket): void {
    const connection = new PlainConnection(socket, this.#plain, this.#plainCount++);
    this.#plainConnections.add(connection);
    socket.once('close', () => this.#plainConnections.delete(connection));
  }

  #servePlain(): PlainService {
    const { takesPlain, clock, handler, limits } = this.#options;
    const turns = new CallTurns();
    return {
      limits,
      quietMs: limits.requestTimeoutMs + inactivitySlackMs,
      takes: takesPlain,
      handle: ({ place }, request, response) => {
        this.#idle.answering(request.socket, response);
        turns.begin(place, () => {
          if (!response.destroyed) handler(request, response);
        });
      },
      leave: (connection, socket, bytes) => {
        this.#plainConnections.delete(connection);
        putBack(socket, bytes);
        this.#http1.emit('connection', socket);
        socket.resume();
      },
      isClosing: () => this.#closing,
      date: httpDates(clock),
    };
  }

  #createTls(): tls.Server {
    const server = tls.createServer({
      ALPNProtocols: ['h2', 'http/1.1'],
      minVersion: 'TLSv1.2',
      handshakeTimeout: this.#options.limits.firstBytesTimeoutMs,
    });
    server.on('secureConnection', (socket) => {
      socket.on('error', () => socket.destroy());
      if (socket.alpnProtocol === 'h2') this.#serve(socket, 'h2');
      else this.#listenTo(socket);
    });
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    return server;
  }

  #createHttp1(): http.Server {
    const { clock, handler, limits } = this.#options;
    const server = http.createServer({
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: 0,
      connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
      requireHostHeader: false,
    });
    const answer = (request: http.IncomingMessage, response: http.ServerResponse) => {
      this.#idle.answering(request.socket, response);
      if (this.#closing) response.shouldKeepAlive = false;
      const why = brokenRule(request);
      if (why) refuseRequest(request, response, why, clock, limits);
      else handler(request, response);
    };
    server.on('request', answer);
    // Else a peer that ends its side gets no answer to what it asked before.
    Object.assign(server, { httpAllowHalfOpen: true });
    server.maxRequestsPerSocket = limits.requestsPerSocketMax;
    // A request that is too slow gets its answer first.
    server.timeout = limits.requestTimeoutMs + inactivitySlackMs;
    // The handler says when the body is welcome.
    server.on('checkContinue', answer);
    server.on('checkExpectation', (request, response) => {
      refuseRequest(request, response, unknownExpectation, clock, limits);
    });
    server.on('connect', (_request, socket) => refuseSocket(socket, noTunnel));
    server.on('clientError', answerClientError);
    return server;
  }

  #createHttp2(): http2.Http2Server {
    const { handler, limits } = this.#options;
    const settings = { maxConcurrentStreams: limits.streamsPerConnectionMax, maxHeaderListSize: limits.headerBytesMax };
    const server = http2.createServer({
      settings,
      maxSessionMemory: limits.sessionMemoryMbMax,
      streamResetBurst: limits.streamResetBurstMax,
      streamResetRate: limits.streamResetsPerSecondMax,
      maxOutstandingPings: 10,
      maxSettings: 32,
    });
    server.on('request', handler);
    server.on('checkContinue', handler);
    server.on('session', (session) => this.#track(session));
    server.on('sessionError', () => {});
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.setTimeout(limits.requestTimeoutMs, () => stream.close(http2.constants.NGHTTP2_CANCEL));
    });
    return server;
  }

  #track(session: http2.ServerHttp2Session): void {
    this.#sessions.add(session);
    session.once('close', () => this.#sessions.delete(session));
    // Closing waits for open streams; a stream that moves nothing has its own bound.
    session.setTimeout(this.#options.limits.idleConnectionMs, () => session.close());
    if (this.#closing) session.close();
  }
}

function peerOf({ remoteAddress, remotePort }: net.Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function cannotListen(host: string, port: number, cause: Error): RelaisError {
  const code = 'code' in cause ? String(cause.code) : cause.message;
  const message = `The gateway cannot listen on ${host}:${port} (${code}); choose another port or end what holds it.`;
  return new RelaisError('failed_precondition', message, { reason: 'cannot_listen', component: 'gateway', cause });
}
