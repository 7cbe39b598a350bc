const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = Buffer.from('\r\n');
const nothing = Buffer.alloc(0);
const headBytesMax = 64 * 1024;

export interface Http1Answer {
  readonly status: number;
  /** Valid until the chunk is used again, or the next push. */
  readonly body: Buffer;
  /** The server will close the connection. */
  readonly closes: boolean;
}

/**
 * Cuts answers out of the bytes of one connection on which one request is under way at a time. Understands
 * Content-Length and chunked bodies; anything else throws.
 */
export class Http1Parser {
  #pending: Buffer = nothing;

  /** The answer, once it is complete. The chunk may be used again afterwards. Throws Error when the bytes are no answer. */
  push(chunk: Buffer): Http1Answer | undefined {
    const isOurs = this.#pending.length > 0;
    const bytes = isOurs ? Buffer.concat([this.#pending, chunk]) : chunk;
    const { answer, endAt } = cut(bytes, 0);
    if (endAt === bytes.length) this.#pending = nothing;
    else this.#pending = isOurs ? bytes.subarray(endAt) : Buffer.from(bytes.subarray(endAt));
    return answer;
  }
}

/** The first answer from `at` on, passing over interim ones, and where what was used ends. */
function cut(bytes: Buffer, at: number): { answer?: Http1Answer; endAt: number } {
  const end = bytes.indexOf(headEnd, at);
  if (end < 0) {
    if (bytes.length - at > headBytesMax) throw new Error('a head of more than 64 KiB');
    return { endAt: at };
  }
  const head = bytes.toString('latin1', at, end);
  const status = statusOf(head);
  const bodyAt = end + headEnd.length;
  if (status >= 100 && status < 200) return cut(bytes, bodyAt);
  const body = bodyOf(head, bytes, bodyAt, status);
  if (!body) return { endAt: at };
  return { answer: { status, body: body.bytes, closes: /\r\nconnection: *close/i.test(head) }, endAt: body.endAt };
}

function statusOf(head: string): number {
  const status = Number(head.slice(9, 12));
  if (!head.startsWith('HTTP/1.') || !Number.isInteger(status) || status < 100) throw new Error('no HTTP/1 answer');
  return status;
}

function bodyOf(head: string, bytes: Buffer, at: number, status: number): { bytes: Buffer; endAt: number } | undefined {
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return chunkedBody(bytes, at);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined && status !== 204 && status !== 304) throw new Error('an answer without a length');
  const endAt = at + Number(length ?? 0);
  return bytes.length < endAt ? undefined : { bytes: bytes.subarray(at, endAt), endAt };
}

function chunkedBody(bytes: Buffer, start: number): { bytes: Buffer; endAt: number } | undefined {
  const chunks: Buffer[] = [];
  for (let at = start; ; ) {
    const sizeEnd = bytes.indexOf(lineEnd, at);
    if (sizeEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, sizeEnd), 16);
    if (Number.isNaN(size)) throw new Error('a chunk without a size');
    const dataAt = sizeEnd + lineEnd.length;
    if (bytes.length < dataAt + size + lineEnd.length) return undefined;
    at = dataAt + size + lineEnd.length;
    if (size === 0) return { bytes: Buffer.concat(chunks), endAt: at };
    chunks.push(bytes.subarray(dataAt, dataAt + size));
  }
}
