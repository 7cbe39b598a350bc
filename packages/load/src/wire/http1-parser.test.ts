import { Http1Parser } from './http1-parser.js';

const plain = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const chunked = 'HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n';

function answers(...parts: string[]) {
  const parser = new Http1Parser();
  return parts.flatMap((part) => {
    const answer = parser.push(Buffer.from(part, 'latin1'));
    return answer ? [{ ...answer, body: answer.body.toString() }] : [];
  });
}

test.each([
  ['a length', plain, 200],
  ['chunks', chunked, 201],
])('reads a body given by %s, however it is cut', (_how, text, status) => {
  const expected = [{ status, body: 'hello', closes: false }];
  expect(answers(text)).toEqual(expected);
  expect(answers(...text)).toEqual(expected);
});

test('passes over interim answers', () => {
  expect(answers(`HTTP/1.1 100 Continue\r\n\r\n${plain}`)).toEqual([{ status: 200, body: 'hello', closes: false }]);
});

test('knows an answer without a body and one that ends the connection', () => {
  expect(answers('HTTP/1.1 204 No Content\r\n\r\n')).toEqual([{ status: 204, body: '', closes: false }]);
  expect(answers('HTTP/1.1 503 No\r\nConnection: close\r\ncontent-length: 0\r\n\r\n')).toEqual([
    { status: 503, body: '', closes: true },
  ]);
});

test('reads one answer after the other', () => {
  const parser = new Http1Parser();
  for (let round = 0; round < 3; round++) expect(parser.push(Buffer.from(plain))?.body.toString()).toBe('hello');
});

test.each([
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['no length', 'HTTP/1.1 200 OK\r\n\r\n'],
  ['a bad chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
  ['an endless head', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(70_000)}`],
])('throws for %s', (_what, text) => {
  expect(() => answers(text)).toThrow();
});
