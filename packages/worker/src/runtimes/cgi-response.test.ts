import { FunctionVersion } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import { answerOf, parseCgiResponse } from './cgi-response.js';
import { testCall } from './conformance/support.js';

function parse(text: string | Uint8Array) {
  const { http, output } = parseCgiResponse(Buffer.from(text));
  return { ...http, body: Buffer.from(output).toString() };
}

test('splits status, headers and body, with LF and CRLF', () => {
  const expected = { status: 404, headers: [{ name: 'x-a', value: 'b: c' }], body: 'no\n\nsuch' };
  expect(parse('Status: 404 Not Found\nX-A:  b: c \n\nno\n\nsuch')).toEqual(expected);
  expect(parse('Status: 404\r\nX-A: b: c\r\n\r\nno\n\nsuch')).toEqual(expected);
});

test('without a status it is 200, or 302 with a location', () => {
  expect(parse('\nbody')).toEqual({ status: 200, headers: [], body: 'body' });
  expect(parse('Location: /x\n\n')).toEqual({ status: 302, headers: [{ name: 'location', value: '/x' }], body: '' });
});

test('keeps repeated headers and drops those of the connection', () => {
  const { headers } = parse('Set-Cookie: a=1\nSet-Cookie: b=2\nContent-Length: 9\nTransfer-Encoding: chunked\n\n');
  expect(headers.map((header) => header.value)).toEqual(['a=1', 'b=2']);
});

test.each([
  ['nothing', ''],
  ['no blank line', 'X-A: b\nbody'],
  ['a line without colon', 'hello\n\n'],
  ['a name with a space', 'X A: b\n\n'],
  ['a carriage return inside a value', 'X-A: b\rSet-Cookie: c\n\n'],
  ['a status out of range', 'Status: 101\n\n'],
  ['a status that is no number', 'Status: ok\n\n'],
  ['a blank line too late', `X-A: ${'b'.repeat(20_000)}\n\n`],
  ['too many headers', `${'X-A: b\n'.repeat(101)}\n`],
])('refuses %s', (_what, text) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'aborted' }));
});

test('applies to HTTP triggers of functions that ask for it, and to nothing else', () => {
  const http = { method: 'GET', path: '', query: '', headers: [] };
  const output = Buffer.from('Status: 201\n\nbody');
  const plain = FunctionVersion.fromPartial({ config: {} });
  const cgi = FunctionVersion.fromPartial({ config: { http: 'cgi' } });
  expect(answerOf(plain, testCall({ http }), output)).toEqual({ ok: true, output });
  expect(answerOf(cgi, testCall(), output)).toEqual({ ok: true, output });
  expect(answerOf(cgi, testCall({ http }), output)).toMatchObject({ ok: true, http: { status: 201 } });
  const failed = answerOf(cgi, testCall({ http }), Buffer.from('oops'));
  expect(!failed.ok && RelaisError.is(failed.error) && failed.error.fields.reason).toBe('function_failed');
});
