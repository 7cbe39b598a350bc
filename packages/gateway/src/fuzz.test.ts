import fc from 'fast-check';
import { bounded, testMs } from './testing/fuzz-time.js';
import { type Harness, startGateway } from './testing/harness.js';
import { rawExchange } from './testing/raw.js';

const limits = {
  payloadBytesMax: 4_096,
  sourceBytesMax: 8_192,
  headersTimeoutMs: 200,
  requestTimeoutMs: 400,
  discardMs: 200,
};

let harness: Harness;

beforeAll(async () => {
  harness = await startGateway({ limits });
  await fetch(`${harness.url}/deploy?name=hello&lang=js`, { method: 'POST', body: 'x' });
});

afterAll(async () => {
  // Among what is tried is a valid DELETE of the function.
  await fetch(`${harness.url}/deploy?name=hello&lang=js&update=true`, { method: 'POST', body: 'x' });
  const answer = await fetch(`${harness.url}/invoke?fn=hello`, { method: 'POST', body: 'still here' });
  expect(await answer.json()).toMatchObject({ output: 'still here' });
  await harness.gateway.stop(0);
});

const nasty = fc.constantFrom(
  '..',
  '%2e%2e',
  '%00',
  '%',
  '%zz',
  '%ff',
  '\\',
  ';',
  '@1',
  ':prod',
  '__proto__',
  '%F0%9F%92%A9',
);
const word = fc.oneof(
  fc.constantFrom('hello', 'hello@1', 'hello_1728435600', 'nobody'),
  nasty,
  fc.stringMatching(/^[!-~]{0,20}$/),
);
const parameter = fc.tuple(
  fc.constantFrom('fn', 'name', 'lang', 'update', 'timeoutMs', 'cors', 'secrets', 'auth', 'env.A', 'x'),
  word,
);
const query = fc.array(parameter, { maxLength: 5 }).map((pairs) => pairs.map((pair) => pair.join('=')).join('&'));
const route = fc.constantFrom(
  '/invoke',
  '/deploy',
  '/functions',
  '/function/',
  '/fn/',
  '/healthz',
  '/languages',
  '/',
  '/metrics',
  '/relais.v1.',
);
const target = fc
  .tuple(route, fc.array(word, { maxLength: 3 }), query)
  .map(([path, words, asked]) => `${path}${words.join('/')}${asked ? `?${asked}` : ''}`.replace(/[\s#]/g, ''));
const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH');
const header = fc.tuple(
  fc.constantFrom(
    'content-type',
    'origin',
    'sec-fetch-site',
    'traceparent',
    'authorization',
    'x-relais-key',
    'expect',
    'x-a',
    'accept',
  ),
  fc.oneof(word, fc.constantFrom('application/json', 'application/grpc', 'application/proto', 'null', '100-continue')),
);

/** The statuses of an exchange; a connection that is cut without an answer has none. */
function statusesOf(raw: string): number[] {
  return [...raw.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
}

test(
  'whatever a request says, it is answered as the contract says',
  async () => {
    const request = fc.record({
      method,
      target,
      headers: fc.array(header, { maxLength: 4 }),
      body: fc.uint8Array({ maxLength: 6_000 }),
    });
    const property = fc.asyncProperty(request, async ({ body, headers, method: verb, target: path }) => {
      const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      const head = `${verb} ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: ${body.length}\r\n${lines}\r\n`;
      const raw = await rawExchange(harness.port, head, Buffer.from(body));
      expect(statusesOf(raw).filter((status) => status === 500 || status > 599)).toEqual([]);
      expect(statusesOf(raw).length).toBeGreaterThan(0);
    });
    await fc.assert(property, bounded);
  },
  testMs,
);

test(
  'bytes that are no request are refused or cut',
  async () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .constantFrom(
          'GET / HTTP/1.1\r\n',
          'host: localhost\r\n',
          '\r\n',
          'transfer-encoding: chunked\r\n',
          '5\r\nhello\r\n',
          '0\r\n\r\n',
          'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        )
        .map((text) => Buffer.from(text)),
    );
    const property = fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 8 }), async (pieces) => {
      // A peer that says all it has to say, so that what waits for more is over.
      const raw = await rawExchange(harness.port, ...pieces.map((each) => Buffer.from(each))).catch(() => '');
      expect(statusesOf(raw).filter((status) => status >= 500 && status !== 501)).toEqual([]);
    });
    await fc.assert(property, bounded);
  },
  testMs,
);

const procedures = [
  'FunctionService/DeployFunction',
  'FunctionService/GetFunction',
  'FunctionService/ListFunctions',
  'InvocationService/Invoke',
  'ClusterService/SetStrategy',
  'KeyService/RevokeKey',
  'SecretService/SetSecret',
];

test.each(['application/json', 'application/proto', 'application/grpc-web+proto', 'application/connect+json'])(
  'whatever a message of %s holds, it is answered in its protocol',
  async (type) => {
    const json = fc.json({ maxDepth: 6 });
    const named = fc.record(
      { function: word, name: word, strategy: word, text: fc.string(), json: fc.jsonValue(), config: fc.jsonValue() },
      { requiredKeys: [] },
    );
    const message = fc.oneof(
      json.map((text) => Buffer.from(text)),
      named.map((fields) => Buffer.from(JSON.stringify(fields))),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      // A valid message with some bytes changed.
      fc.array(fc.tuple(fc.nat(20), fc.nat(255)), { maxLength: 4 }).map((changes) => {
        const bytes = Buffer.from('\x00\x00\x00\x00\x0e\x0a\x05hello\x1a\x05input', 'latin1');
        for (const [at, value] of changes) bytes.writeUInt8(value, at % bytes.length);
        return bytes;
      }),
    );
    const property = fc.asyncProperty(fc.constantFrom(...procedures), message, async (procedure, body) => {
      const init = { method: 'POST', body, headers: { 'content-type': type } };
      const answer = await fetch(`${harness.url}/relais.v1.${procedure}`, init);
      const text = await answer.text();
      expect([answer.status, text.slice(0, 200)]).not.toEqual([500, expect.anything()]);
      expect(/grpc-status: (2|13)\b|"code":"(internal|unknown)"/.exec(text)?.[0]).toBeUndefined();
    });
    await fc.assert(property, bounded);
  },
  testMs,
);
