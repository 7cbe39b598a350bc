import { FunctionVersion, HttpRequest } from '@relais/contracts';
import { testCall } from './conformance/support.js';
import { programEnvironment } from './environment.js';

const version = FunctionVersion.fromPartial({
  id: 'greet_1700000000',
  name: 'greet',
  version: 3,
  config: {
    env: { COLOUR: 'red', RELAIS_ATTEMPT: '9', relais_x: '1', 'A=B': '1', 'NUL\0': '1', BAD: 'a\0b', TRACEPARENT: 'x' },
  },
});

function requestWith(headers: Record<string, string>, path = '/a%20b'): HttpRequest {
  const list = Object.entries(headers).map(([name, value]) => ({ name, value }));
  return HttpRequest.create({ method: 'POST', path, query: 'q=1', headers: list });
}

test('gives the call and the version, and the user cannot forge them', () => {
  const call = testCall({ invocationId: 'inv-7', budgetMs: 1234.9 });
  expect(programEnvironment(version, call)).toEqual({
    COLOUR: 'red',
    RELAIS_FUNCTION_NAME: 'greet',
    RELAIS_FUNCTION_ID: 'greet_1700000000',
    RELAIS_FUNCTION_VERSION: '3',
    RELAIS_INVOCATION_ID: 'inv-7',
    RELAIS_ATTEMPT: '1',
    RELAIS_REMAINING_MS: '1234',
    TRACEPARENT: call.traceparent,
  });
});

test('an HTTP trigger becomes CGI variables', () => {
  const http = requestWith({ 'content-type': 'text/csv', 'content-length': '999', 'x-a': '1', accept: '*/*' });
  expect(programEnvironment(version, testCall({ http, payload: 'abc' }))).toMatchObject({
    REQUEST_METHOD: 'POST',
    SCRIPT_NAME: '/fn/greet',
    PATH_INFO: '/a b',
    QUERY_STRING: 'q=1',
    CONTENT_TYPE: 'text/csv',
    CONTENT_LENGTH: '3',
    SERVER_PROTOCOL: 'HTTP/1.1',
    HTTP_X_A: '1',
    HTTP_ACCEPT: '*/*',
  });
});

test('drops headers that could forge or poison a variable', () => {
  const http = requestWith({ proxy: 'http://evil', x_a: '1', 'x-nul': 'a\0b', 'x=y': '1' });
  const names = Object.keys(programEnvironment(version, testCall({ http }))).filter((name) => name.startsWith('HTTP_'));
  expect(names).toEqual([]);
});

test('repeated headers are joined, cookies by a semicolon', () => {
  const headers = ['a', 'b'].flatMap((value) => [
    { name: 'x-list', value },
    { name: 'cookie', value },
  ]);
  const http = { ...requestWith({}), headers };
  expect(programEnvironment(version, testCall({ http }))).toMatchObject({ HTTP_X_LIST: 'a, b', HTTP_COOKIE: 'a; b' });
});

test.each(['/%zz', '/a%00b'])('a path that does not decode stays as it came: %s', (path) => {
  expect(programEnvironment(version, testCall({ http: requestWith({}, path) })).PATH_INFO).toBe(path);
});
