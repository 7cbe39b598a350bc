import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Component } from '@relais/kit';

export interface SocketBridgeOptions {
  /** Where it listens; in a directory that only this user may enter. */
  readonly path: string;
  readonly host: string;
  readonly port: number;
}

/** Connections at once; one more is refused. */
const connectionsMax = 1024;

/** Takes connections on a Unix socket and passes them on to one place on the network, for those who have no network. */
export class SocketBridge implements Component {
  readonly name = 'socket bridge';
  readonly #options: SocketBridgeOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: SocketBridgeOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#pass(socket));
    this.#server.maxConnections = connectionsMax;
  }

  async start(): Promise<void> {
    mkdirSync(dirname(this.#options.path), { recursive: true, mode: 0o700 });
    this.#server.listen(this.#options.path);
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #pass(inside: Socket): void {
    const { host, port } = this.#options;
    const outside = connect({ host, port });
    join(inside, outside);
    for (const socket of [inside, outside]) {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    }
  }
}

/** Two sockets become one connection: what one says the other hears, and they end together. */
function join(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.once('close', () => to.destroy());
    from.setNoDelay(true);
  }
}
