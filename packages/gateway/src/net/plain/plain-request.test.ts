import http from 'node:http';
import { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import fc from 'fast-check';
import { bounded, testMs } from '../../testing/fuzz-time.js';
import { readPlain } from './plain-request.js';

const socket = new Socket();
const read = (text: string | Buffer, headBytesMax = 16_384) =>
  readPlain(typeof text === 'string' ? Buffer.from(text, 'latin1') : text, socket, headBytesMax);

const call = 'POST /invoke?fn=hello HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 5\r\n\r\nhello';

test('a call in one piece is read', () => {
  const said = {
    method: 'POST',
    url: '/invoke?fn=hello',
    headers: { host: 'localhost:8080', 'content-length': '5' },
  };
  expect(read(call)).toEqual({
    head: { ...said, text: call.slice(0, call.indexOf('\r\n\r\n')) },
    ...said,
    httpVersion: '1.1',
    complete: true,
    body: Buffer.from('hello'),
    socket,
  });
});

test('a head that comes again is not read again, and its length is that of the new body', () => {
  const first = read(call)?.head;
  const again = (text: string) => readPlain(Buffer.from(text, 'latin1'), socket, 16_384, first);
  expect(again(call)?.head).toBe(first);
  expect(again(call.replace(/hello$/, 'other'))?.body.toString()).toBe('other');
  expect(again(`${call}o`)).toBeUndefined();
  expect(again(call.slice(0, -1))).toBeUndefined();
  expect(again(call.replace('fn=hello', 'fn=other'))?.url).toBe('/invoke?fn=other');
});

test.each([
  ['no body', 'GET /fn/hello HTTP/1.1\r\nhost: x\r\n\r\n', ''],
  ['a body of no bytes', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n', ''],
  ['keep-alive', 'GET / HTTP/1.1\r\nhost: x\r\nconnection: Keep-Alive\r\n\r\n', ''],
  ['bytes of any kind in the body', 'PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n\r\n\r\n', '\r\n\r\n'],
])('one with %s is', (_what, text, body) => {
  expect(read(text)?.body.toString('latin1')).toBe(body);
});

const get = (...lines: string[]) => `GET / HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

test.each([
  ['nothing', ''],
  ['half a head', 'POST /invoke?fn=hello HTTP/1.1\r\nhost: x\r\n'],
  ['half a body', call.slice(0, -1)],
  ['more than a request', `${call}P`],
  ['two requests', call + call],
  ['bytes before it', `\r\n${call}`],
  ['HTTP/1.0', call.replace('1.1', '1.0')],
  ['HEAD, whose answer has no body', call.replace('POST', 'HEAD')],
  ['another method', call.replace('POST', 'CONNECT')],
  ['a method in lower case', call.replace('POST', 'post')],
  ['a whole URL', call.replace('/invoke', 'http://x/invoke')],
  ['a target with a fragment', call.replace('hello', 'hello#a')],
  ['a target of other bytes', call.replace('hello', 'h\xe4llo')],
  ['two spaces', call.replace(' HTTP', '  HTTP')],
  ['no host', 'GET / HTTP/1.1\r\n\r\n'],
  ['an empty host', get('host:')],
  ['two hosts', get('host: x', 'Host: y')],
  ['a header twice', get('host: x', 'x-a: 1', 'X-A: 2')],
  ['a space before the colon', get('host : x')],
  ['no space behind it', get('host:x')],
  ['two', get('host:  x')],
  ['a tab', get('host:\tx')],
  ['a space at the end', get('host: x ')],
  ['a folded header', get('host: x', ' y')],
  ['a bare line feed', get('host: x\nx-a: 1')],
  ['a bare carriage return', get('host: x\rx-a: 1')],
  ['a NUL', get('host: x\0')],
  ['a value beyond ASCII', get('host: x', 'x-a: \xe4')],
  ['an underscore in a name', get('host: x', '__proto__: x')],
  ['an end of the connection', get('host: x', 'connection: close')],
  ['headers named in connection', get('host: x', 'connection: keep-alive, x-a')],
  ['an upgrade', get('host: x', 'upgrade: h2c')],
  ['a question before the body', call.replace('\r\n\r\n', '\r\nexpect: 100-continue\r\n\r\n')],
  ['chunks', get('host: x', 'transfer-encoding: chunked')],
  ['chunks and a length', call.replace('\r\n\r\n', '\r\ntransfer-encoding: chunked\r\n\r\n')],
  ['a length with a sign', call.replace(': 5', ': +5')],
  ['a length with a zero before it', call.replace(': 5', ': 05')],
  ['a length that is none', call.replace(': 5', ': 5, 5')],
  ['two lengths', call.replace('\r\n\r\n', '\r\ncontent-length: 5\r\n\r\n')],
  ['a long head', get('host: x', `x-a: ${'a'.repeat(4096)}`)],
  ['many headers', get('host: x', ...Array.from({ length: 64 }, (_each, index) => `x-${index}: 1`))],
])('%s is not plain', (_what, text) => {
  expect(read(text)).toBeUndefined();
});

test('a head over the bound of the gateway is not', () => {
  expect(read(call, call.indexOf('\r\n\r\n') - 1)).toBeUndefined();
  expect(read(call, call.indexOf('\r\n\r\n'))).toBeDefined();
});

/** All that Node reads of bytes, and what it takes them for. */
async function readByNode(bytes: Buffer): Promise<unknown[]> {
  const seen: unknown[] = [];
  const [client, served] = duplexPair();
  const server = http.createServer({ requireHostHeader: false }, (request) => {
    const { headers, method, url } = request;
    const parts: Buffer[] = [];
    request.on('error', () => {});
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      seen.push({ method, url, headers, body: Buffer.concat(parts) });
      served.destroy();
    });
  });
  const other = (what: string) => {
    seen.push(what);
    served.destroy();
  };
  server.on('clientError', (error) => other(error.message));
  for (const event of ['connect', 'upgrade', 'checkContinue', 'checkExpectation']) server.on(event, () => other(event));
  server.emit('connection', served);
  client.write(bytes);
  // Bytes that are not all of a request leave it waiting for more.
  for (let turn = 0; turn < 20 && !served.destroyed; turn++) await new Promise((resolve) => setImmediate(resolve));
  served.destroy();
  return seen;
}

/** Any bytes, as the characters of latin1. */
const bytesOf = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const methods = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'get', 'PURGE');
const targets = fc.oneof(
  fc.constantFrom('/', '/invoke?fn=hello', '/fn/a/../b', '*', '//x', '/%00', '/a b', 'http://x/'),
  fc.stringMatching(/^\/[!-~]{0,12}$/),
);
const names = fc.oneof(
  fc.constantFrom('x-a', 'X-A', 'cookie', 'set-cookie', 'content-type', 'Authorization', 'constructor', 'toString'),
  fc.constantFrom('connection', 'transfer-encoding', 'content-length', 'te', 'trailer', 'upgrade', 'expect', 'x_y', ''),
  fc.stringMatching(/^[!-~]{1,6}$/),
);
const values = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'a',
    'a b',
    'a  b ',
    '\ta',
    '5',
    '0',
    '+5',
    '5,5',
    'chunked',
    'close',
    'keep-alive',
    'a\x7fb',
  ),
  fc.stringMatching(/^[ -~]{0,8}$/),
  bytesOf(4),
);
const gaps = fc.constantFrom(': ', ': ', ': ', ':', ':  ', ' : ', ':\t');
const breaks = fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\n ');
const headerLines = fc.array(
  fc.tuple(names, gaps, values, breaks).map((parts) => parts.join('')),
  { maxLength: 3 },
);
const requests = fc
  .record({
    method: methods,
    target: targets,
    version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'http/1.1'),
    headers: headerLines,
    body: bytesOf(9),
    slip: fc.constantFrom(0, 0, 0, 1, -1),
    changes: fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 1 }),
  })
  .map(({ body, changes, headers, method, slip, target, version }) => {
    const length = body.length + slip;
    const head = `${method} ${target} ${version}\r\nhost: x\r\n${headers.join('')}content-length: ${length}\r\n\r\n`;
    const bytes = Buffer.from(head + body, 'latin1');
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
    return bytes;
  });

test(
  'whatever is read as plain, Node reads as the same one request',
  async () => {
    let plain = 0;
    const property = fc.asyncProperty(requests, async (bytes) => {
      const request = read(bytes);
      if (!request) return;
      plain += 1;
      const { body, headers, method, url } = request;
      expect(await readByNode(bytes)).toEqual([{ method, url, headers, body }]);
    });
    await fc.assert(property, bounded);
    expect(plain).toBeGreaterThan(100);
  },
  testMs,
);
