import { connect, type Socket } from 'node:net';

/** One streamed answer of an HTTP trigger over a connection of its own, read when the test says so. */
export class StreamClient {
  readonly socket: Socket;
  /** Everything that has come, head and chunk sizes included. */
  text = '';
  closed = false;

  constructor(url: string, path: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect(Number(port), hostname);
    this.socket.on('error', () => {});
    this.socket.once('close', () => {
      this.closed = true;
    });
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
  }

  /** Reads from here on. */
  read(): this {
    this.socket.setEncoding('utf8').on('data', (chunk: string) => {
      this.text += chunk;
    });
    return this;
  }

  leave(): void {
    this.socket.destroy();
  }

  /** Whether the body came to its end; false when it was broken off. */
  get complete(): boolean {
    return this.text.endsWith('0\r\n\r\n');
  }
}
