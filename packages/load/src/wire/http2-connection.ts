import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { type Connection, noReply, type Reply, type WireCall } from './reply.js';

/** Shares a few HTTP/2 sessions among many connections; streams are cheap, sessions are not. */
export class Http2Sessions {
  readonly #url: string;
  readonly #sessions: (ClientHttp2Session | undefined)[];
  #next = 0;

  constructor(url: URL, sessionCount: number) {
    this.#url = url.origin;
    this.#sessions = new Array(sessionCount).fill(undefined);
  }

  /** One of them in turn, opened when needed. */
  get(): ClientHttp2Session {
    const index = this.#next++ % this.#sessions.length;
    const open = this.#sessions[index];
    if (open && !open.closed && !open.destroyed) return open;
    const session = connect(this.#url, { settings: { enablePush: false } });
    // A failure shows on the streams.
    session.on('error', () => {});
    this.#sessions[index] = session;
    return session;
  }

  close(): void {
    for (const session of this.#sessions) session?.destroy();
  }
}

/** One call after the other, each on a stream of its own. */
export class Http2Connection implements Connection {
  readonly #sessions: Http2Sessions;
  readonly #timeoutMs: number;
  #stream: ClientHttp2Stream | undefined;

  constructor(sessions: Http2Sessions, timeoutMs: number) {
    this.#sessions = sessions;
    this.#timeoutMs = timeoutMs;
  }

  send(call: WireCall, traceparent: string, done: (reply: Reply) => void): void {
    const trace = traceparent === '' ? {} : { traceparent };
    const stream = this.#sessions.get().request({ ':method': 'POST', ':path': call.path, ...call.headers, ...trace });
    this.#stream = stream;
    const chunks: Buffer[] = [];
    let status = 0;
    let grpcStatus = -1;
    let failure = 'connection';
    stream.setTimeout(this.#timeoutMs, () => {
      failure = 'timeout';
      stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
      grpcStatus = Number(headers['grpc-status'] ?? -1);
    });
    stream.on('trailers', (trailers) => {
      grpcStatus = Number(trailers['grpc-status'] ?? grpcStatus);
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      failure = '';
    });
    stream.on('error', () => {});
    stream.once('close', () => {
      this.#stream = undefined;
      const [first] = chunks;
      const body = first && chunks.length === 1 ? first : Buffer.concat(chunks);
      done(
        failure !== '' || status === 0 ? noReply(failure || 'connection') : { status, grpcStatus, body, failure: '' },
      );
    });
    stream.end(call.body);
  }

  close(): void {
    this.#stream?.close(constants.NGHTTP2_CANCEL);
  }
}
