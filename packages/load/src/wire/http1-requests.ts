import type { WireCall } from './reply.js';

interface Prepared {
  /** Up to the trace. */
  readonly head: string;
  readonly untraced: Buffer;
}

/** Calls of one server as bytes, made once for all connections: they are the same each time but for the trace. */
export class Http1Requests {
  readonly #host: string;
  readonly #prepared = new Map<WireCall, Prepared>();

  /** `host` as it is named in requests, with its port. */
  constructor(host: string) {
    this.#host = host;
  }

  /** Not to be changed; `traceparent` is left out when empty. */
  bytesOf(call: WireCall, traceparent: string): Buffer {
    const { head, untraced } = this.#preparedOf(call);
    return traceparent === '' ? untraced : joined(`${head}traceparent: ${traceparent}\r\n\r\n`, call.body);
  }

  #preparedOf(call: WireCall): Prepared {
    const known = this.#prepared.get(call);
    if (known) return known;
    const headers = { host: this.#host, ...call.headers, 'content-length': String(call.body.length) };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `POST ${call.path} HTTP/1.1\r\n${lines.join('')}`;
    const prepared = { head, untraced: joined(`${head}\r\n`, call.body) };
    this.#prepared.set(call, prepared);
    return prepared;
  }
}

function joined(head: string, body: Buffer): Buffer {
  const request = Buffer.allocUnsafe(head.length + body.length);
  request.write(head, 'latin1');
  body.copy(request, head.length);
  return request;
}
