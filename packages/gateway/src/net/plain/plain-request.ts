import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

/** Heads of calls have a tenth of it. */
const headBytesMax = 4096;
const headersMax = 64;
const endOfHead = Buffer.from('\r\n\r\n');
const requestLine = /^(GET|POST|PUT|PATCH|DELETE) (\/[\w\-.~:/?@!$&'()*+,;=%]*) HTTP\/1\.1$/;
// One space before a value, none behind it, and nothing in it that is not visible ASCII.
const headerLine = /^([A-Za-z0-9-]+): ([!-~](?:[ -~]*[!-~])?)$/;
const lengthForm = /^(?:0|[1-9]\d{0,5})$/;
/** Those that change how a message or its connection is read; of a set-cookie Node makes a list. */
const notPlain = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What a request says before its body. */
export interface PlainHead {
  readonly text: string;
  readonly method: string;
  /** Path and query, percent-encoded. */
  readonly url: string;
  /** Names in lower case. Of all requests with this head: frozen. */
  readonly headers: Readonly<IncomingHttpHeaders>;
}

/**
 * A request of HTTP/1.1 in its plainest form, which came in one piece: of known length, with nothing before or behind it, each
 * header once and none that means anything for the connection. What it says is what Node would have read.
 */
export interface PlainRequest extends Omit<PlainHead, 'text'> {
  readonly head: PlainHead;
  readonly httpVersion: '1.1';
  readonly complete: true;
  readonly body: Buffer;
  readonly socket: Socket;
}

/**
 * Reads a request in its plainest form, and keeps nothing of the bytes; undefined for whatever else they are, well-formed or not.
 * `before` is the head of the one that came before it, which most clients send again as it was.
 */
export function readPlain(
  bytes: Buffer,
  socket: Socket,
  bytesMax: number,
  before?: PlainHead,
): PlainRequest | undefined {
  const headEnd = bytes.indexOf(endOfHead);
  if (headEnd < 0 || headEnd > Math.min(headBytesMax, bytesMax)) return undefined;
  const text = bytes.toString('latin1', 0, headEnd);
  const head = text === before?.text ? before : readHead(text);
  if (!head) return undefined;
  const { headers, method, url } = head;
  const bodyAt = headEnd + endOfHead.length;
  const length = headers['content-length'] ?? '0';
  if (!lengthForm.test(length) || Number(length) !== bytes.length - bodyAt) return undefined;
  const body = Buffer.from(bytes.subarray(bodyAt));
  return { head, method, url, headers, httpVersion: '1.1', complete: true, body, socket };
}

function readHead(text: string): PlainHead | undefined {
  const lines = text.split('\r\n');
  const [, method, url] = requestLine.exec(lines[0] ?? '') ?? [];
  if (method === undefined || url === undefined) return undefined;
  const headers = readHeaders(lines);
  return headers?.host === undefined ? undefined : { text, method, url, headers: Object.freeze(headers) };
}

/** Of all lines but the first. */
function readHeaders(lines: readonly string[]): IncomingHttpHeaders | undefined {
  if (lines.length > headersMax + 1) return undefined;
  const headers: IncomingHttpHeaders = {};
  for (let i = 1; i < lines.length; i++) {
    const [, anyCase, value] = headerLine.exec(lines[i] ?? '') ?? [];
    if (anyCase === undefined || value === undefined) return undefined;
    const name = anyCase.toLowerCase();
    if (Object.hasOwn(headers, name)) return undefined;
    if (notPlain.has(name) && !(name === 'connection' && value.toLowerCase() === 'keep-alive')) return undefined;
    headers[name] = value;
  }
  return headers;
}
