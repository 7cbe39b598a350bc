import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '@relais/kit';

/** In the order of the digits by which they name themselves. */
const streamNames = ['channel', 'stdout', 'stderr'] as const;

export type ForkStreams = Readonly<Record<(typeof streamNames)[number], Socket>>;

export interface ExpectedStreams {
  /** Told to the process alone. */
  readonly token: string;
  /** Resolves when all are there. */
  readonly streams: Promise<ForkStreams>;
  /** Nobody waits for them any more: those that came are closed, those that come are refused. */
  abandon(): void;
}

const tokenChars = 32;
const greetingBytes = tokenChars + 1;
/** How long a connection may take to name itself. */
const greetingMs = 2000;

interface Expectation {
  readonly came: Partial<Record<(typeof streamNames)[number], Socket>>;
  readonly resolve: (streams: ForkStreams) => void;
}

/**
 * One Unix socket where forked processes fetch their streams, since Node cannot be handed descriptors: each stream is a
 * connection that begins with the token of its process and a digit. What says anything else is closed.
 */
export class StreamDoor {
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #expected = new Map<string, Expectation>();

  private constructor(server: Server, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
    server.on('connection', (socket) => this.#greet(socket));
  }

  /** Beyond connectionsMax at once a connection is refused. Rejects when the path cannot be listened on. */
  static async open(path: string, connectionsMax: number, clock: Clock): Promise<StreamDoor> {
    const server = createServer();
    server.maxConnections = connectionsMax;
    server.listen(path);
    await once(server, 'listening');
    return new StreamDoor(server, clock);
  }

  expect(): ExpectedStreams {
    const token = randomBytes(tokenChars / 2).toString('hex');
    const { promise: streams, resolve } = Promise.withResolvers<ForkStreams>();
    const expectation: Expectation = { came: {}, resolve };
    this.#expected.set(token, expectation);
    const abandon = () => {
      if (!this.#expected.delete(token)) return;
      for (const socket of Object.values(expectation.came)) socket.destroy();
    };
    return { token, streams, abandon };
  }

  /** Takes no further connection; those handed out stay. */
  close(): void {
    this.#server.close();
  }

  #greet(socket: Socket): void {
    socket.on('error', () => {});
    const forget = this.#clock.after(greetingMs, () => socket.destroy());
    const read = () => {
      const greeting: Buffer | null = socket.read(greetingBytes);
      if (greeting === null) return;
      forget();
      socket.off('readable', read);
      this.#admit(socket, greeting.toString('latin1'));
    };
    socket.on('readable', read);
    socket.once('close', forget);
  }

  #admit(socket: Socket, greeting: string): void {
    const token = greeting.slice(0, tokenChars);
    const name = streamNames[Number(greeting.slice(tokenChars))];
    const expectation = this.#expected.get(token);
    if (!expectation || !name || expectation.came[name]) {
      socket.destroy();
      return;
    }
    expectation.came[name] = socket;
    const { channel, stdout, stderr } = expectation.came;
    if (!channel || !stdout || !stderr) return;
    this.#expected.delete(token);
    expectation.resolve({ channel, stdout, stderr });
  }
}
