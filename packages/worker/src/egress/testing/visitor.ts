import { connect, type Socket } from 'node:net';
import { until } from '../../runtimes/conformance/support.js';

/** A connection to a door, with all it has said. */
export class Visitor {
  readonly socket: Socket;
  text = '';
  closed = false;

  constructor(path: string, bytes: string) {
    this.socket = connect(path);
    this.socket.on('data', (chunk) => {
      this.text += chunk.toString('latin1');
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.closed = true;
    });
    this.socket.write(bytes);
  }

  says(what: string | RegExp): Promise<void> {
    return until(`it says ${what}`, () => this.text.search(what) >= 0);
  }

  ends(): Promise<void> {
    return until('it is closed', () => this.closed);
  }
}

/** The head of a request for a URL in absolute form. */
export const get = (url: string, ...headers: string[]) =>
  `${[`GET ${url} HTTP/1.1`, 'Host: anything', ...headers].join('\r\n')}\r\n\r\n`;
/** That of one for a tunnel. */
export const connectTo = (target: string) => `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`;
