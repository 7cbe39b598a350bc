import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { type Harness, startGateway, until } from '../testing/harness.js';
import { rawExchange } from '../testing/raw.js';

const mib = 1024 * 1024;
const limits = {
  payloadBytesMax: 100_000,
  sourceBytesMax: 200_000,
  discardBytesMax: mib,
  discardMs: 500,
  headersTimeoutMs: 300,
  requestTimeoutMs: 1_000,
  firstBytesTimeoutMs: 1_000,
  idleConnectionMs: 1_000,
};
let harness: Harness;

beforeEach(async () => {
  harness = await startGateway({ limits });
  await fetch(`${harness.url}/deploy?name=hello&lang=js`, { method: 'POST', body: 'x' });
});

const floods: NodeJS.Timeout[] = [];

/** Does something over and over until the test is over. */
function keep(everyMs: number, act: () => void): void {
  floods.push(setInterval(act, everyMs));
}

afterEach(async () => {
  for (const flood of floods.splice(0)) clearInterval(flood);
  // Whatever was done, others are served.
  await serves();
  await harness.gateway.stop(0);
});

async function serves(): Promise<void> {
  const answer = await fetch(`${harness.url}/invoke?fn=hello`, { method: 'POST', body: 'still here' });
  expect(await answer.json()).toMatchObject({ ok: true, output: 'still here' });
}

/** A connection whose other side may do what it likes; what it said, once it is closed. */
function connection(): { socket: net.Socket; closed: Promise<string> } {
  const socket = net.connect({ port: harness.port, host: '127.0.0.1' });
  socket.on('error', () => {});
  let said = '';
  socket.on('data', (chunk) => {
    said += chunk.toString('latin1').slice(0, 2_000);
  });
  return { socket, closed: new Promise((resolve) => socket.once('close', () => resolve(said))) };
}

const post = (path: string, more = '') => `POST ${path} HTTP/1.1\r\nhost: x\r\n${more}`;
const connectInvoke = '/relais.v1.InvocationService/Invoke';
const json = 'content-type: application/json\r\n';

describe('HTTP/1.1', () => {
  test.each([
    ['one of 1 MB', [`x-large: ${'x'.repeat(mib)}\r\n`]],
    ['ten thousand', Array.from({ length: 10_000 }, (_, at) => `x-${at}: ${'y'.repeat(90)}\r\n`)],
    ['a baggage bomb', [`baggage: ${'k=v,'.repeat(mib / 4)}\r\n`]],
  ])('headers: %s', async (_what, headers) => {
    const { closed, socket } = connection();
    socket.write(post('/invoke?fn=hello'));
    for (const line of headers) socket.write(line);
    expect(await closed).toMatch(/^(HTTP\/1.1 431 |$)/);
  });

  test('many connections that send a header a byte at a time are all cut, while others are served', async () => {
    const all = Array.from({ length: 50 }, () => connection());
    keep(50, () => {
      for (const { socket } of all) socket.write('x');
    });
    for (const { socket } of all) socket.write(`${post('/invoke?fn=hello')}x-slow: `);
    await serves();
    const said = await Promise.all(all.map(({ closed }) => closed));
    expect(new Set(said.map((each) => each.slice(9, 12)))).toEqual(new Set(['408']));
  });

  test.each([
    ['/invoke?fn=hello', ''],
    ['/fn/hello', ''],
    ['/deploy?name=big&lang=js', ''],
    [connectInvoke, json],
    ['/nothing', ''],
  ])('chunks without end to %s', async (path, more) => {
    const { closed, socket } = connection();
    socket.write(post(path, `${more}transfer-encoding: chunked\r\n\r\n`));
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    keep(1, () => void socket.write(chunk));
    const said = await closed;
    expect(said).toMatch(/^(HTTP\/1.1 (413|429|404) |$)/);
    expect(harness.storage.versions).toHaveLength(1);
  });

  test('a body that comes a byte at a time', async () => {
    const { closed, socket } = connection();
    socket.write(post('/invoke?fn=hello', 'content-length: 1000\r\n\r\n'));
    keep(50, () => void socket.write('x'));
    await serves();
    expect(await closed).toMatch(/^(HTTP\/1.1 408 |$)/);
  });

  test('garbage behind a request is refused', async () => {
    const garbage = Buffer.from(Array.from({ length: 5_000 }, (_, at) => (at * 7919) & 0xff));
    const raw = await rawExchange(harness.port, post('/invoke?fn=hello', 'content-length: 2\r\n\r\nhi'), garbage);
    expect(raw).toMatch(/HTTP\/1.1 400 /);
  });

  test('requests smuggled by two lengths reach nothing', async () => {
    const smuggled = 'DELETE /function/hello HTTP/1.1\r\nhost: x\r\n\r\n';
    const tricks = [
      `content-length: 0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      `content-length: 4\r\ncontent-length: 0\r\n\r\n${smuggled}`,
      `transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n${smuggled}`,
      `transfer-encoding : chunked\r\ncontent-length: 0\r\n\r\n${smuggled}`,
      `content-length: +0\r\n\r\n${smuggled}`,
      `transfer-encoding: \u000bchunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ];
    for (const trick of tricks) {
      expect(await rawExchange(harness.port, post('/invoke?fn=hello', trick))).toMatch(/^HTTP\/1.1 (400|501) /);
    }
    expect(harness.storage.versions).toHaveLength(1);
  });
});

describe('HTTP/2', () => {
  function open(): http2.ClientHttp2Session {
    const session = http2.connect(harness.url, { settings: { initialWindowSize: 0 } });
    session.on('error', () => {});
    return session;
  }

  test('many streams whose answers are never read are cut, while others are served', async () => {
    harness.dispatch.functions.set('hello', ({ payload }) =>
      payload.length > 0 ? { output: payload } : { output: Buffer.alloc(90_000, 'x') },
    );
    const session = open();
    const streams = Array.from({ length: 200 }, () => {
      const stream = session.request({ ':method': 'POST', ':path': '/fn/hello', ':authority': 'x' });
      stream.on('error', () => {});
      stream.end();
      return stream;
    });
    await until(() => harness.dispatch.jobs.length > 200);
    await serves();
    await Promise.all(streams.map((stream) => stream.closed || once(stream, 'close')));
    session.destroy();
  }, 30_000);

  test('streams that never send their body are cut', async () => {
    const session = open();
    const stream = session.request({ ':method': 'POST', ':path': '/invoke?fn=hello', ':authority': 'x' });
    stream.on('error', () => {});
    stream.write('a');
    await serves();
    await once(stream, 'close');
    session.destroy();
  });

  test.each([
    ['pings', (session: http2.ClientHttp2Session) => void session.ping(() => {})],
    [
      'settings',
      (session: http2.ClientHttp2Session) =>
        session.settings({ maxFrameSize: 16_384 + Math.floor(Math.random() * 1_000) }),
    ],
  ])('a flood of %s harms no other', async (_what, send) => {
    const session = open();
    await once(session, 'connect');
    try {
      for (let sent = 0; sent < 5_000 && !session.destroyed; sent++) send(session);
    } catch {
      // The session may have been ended meanwhile, which is as good.
    }
    await serves();
    session.destroy();
  });

  test('frames that are none end their connection', async () => {
    const { closed, socket } = connection();
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.write(Buffer.alloc(100_000, 0xff));
    await closed;
  });

  test('headers without end are refused', async () => {
    const { closed, socket } = connection();
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    // HEADERS without END_HEADERS, then CONTINUATION frames for ever.
    const frame = (type: number, bytes: Buffer) =>
      Buffer.concat([Buffer.from([0, bytes.length >> 8, bytes.length & 0xff, type, 0, 0, 0, 0, 1]), bytes]);
    // A literal header of one byte each, never indexed.
    const block = Buffer.concat(Array.from({ length: 2_000 }, () => Buffer.from([0x10, 1, 0x78, 1, 0x79])));
    socket.write(frame(1, block));
    keep(1, () => void socket.write(frame(9, block)));
    await closed;
  });
});

describe('names', () => {
  const names = [
    '../../etc/passwd',
    '.',
    'a/b',
    'a\0b',
    '\u0000',
    'hеllo',
    'ｈello',
    'hello\u200b',
    'hello ',
    '__proto__',
    'ﬁ',
    '%2e%2e',
    'a'.repeat(10_000),
  ];

  test.each(names)('name %# is that of nothing', async (name) => {
    const encoded = encodeURIComponent(name);
    const statuses: number[] = [];
    for (const [method, path] of [
      ['POST', `/invoke?fn=${encoded}`],
      ['POST', `/deploy?name=${encoded}&lang=js`],
      ['GET', `/function/${encoded}`],
      ['DELETE', `/function/${encoded}`],
      ['GET', `/fn/${encoded}`],
    ] as const) {
      const answer = await fetch(harness.url + path, { method, ...(method === 'POST' ? { body: 'x' } : {}) });
      statuses.push(answer.status);
      expect((await answer.text()).includes('root:')).toBe(false);
    }
    const body = JSON.stringify({ function: name, text: 'x' });
    const headers = { 'content-type': 'application/json' };
    statuses.push((await fetch(harness.url + connectInvoke, { method: 'POST', body, headers })).status);
    expect(statuses.filter((status) => ![400, 404, 405, 431].includes(status))).toEqual([]);
    expect(harness.storage.versions).toHaveLength(1);
  });

  test.each(['/fn/../../etc/passwd', '/fn/hello/..%2f..%2f', '/function/%00', '//etc/passwd', '/%2e%2e/', '/\\..\\'])(
    'the path %s leads nowhere else',
    async (path) => {
      const raw = await rawExchange(harness.port, `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      expect(raw).toMatch(/^HTTP\/1.1 (200|400|404) /);
      expect(raw).not.toContain('root:');
    },
  );
});

describe('messages', () => {
  async function invoke(body: string | Buffer, type: string): Promise<number> {
    const answer = await fetch(harness.url + connectInvoke, {
      method: 'POST',
      body: Buffer.from(body),
      headers: { 'content-type': type },
    });
    await answer.arrayBuffer();
    return answer.status;
  }

  const deep = (depth: number) => `{"function":"hello","json":${'['.repeat(depth)}${']'.repeat(depth)}}`;

  test.each([10, 99, 1_000, 5_000, 48_000])('JSON nested %i deep is answered or refused', async (depth) => {
    expect([200, 400]).toContain(await invoke(deep(depth), 'application/json'));
  });

  test('JSON nested 100,000 deep is refused', async () => {
    await harness.gateway.stop(0);
    harness = await startGateway();
    await fetch(`${harness.url}/deploy?name=hello&lang=js`, { method: 'POST', body: 'x' });
    expect(await invoke(deep(100_000), 'application/json')).toBe(400);
  });

  test('output nested 40,000 deep is answered as text', async () => {
    const output = '['.repeat(40_000) + ']'.repeat(40_000);
    harness.dispatch.functions.set('hello', ({ payload }) => ({ output: payload.length > 5 ? payload : output }));
    expect(await invoke('{"function":"hello","json":1}', 'application/json')).toBe(200);
    expect((await fetch(`${harness.url}/fn/hello`)).status).toBe(200);
  });

  const bytes = (...parts: number[]) => Buffer.from(parts);
  const hello = Buffer.concat([bytes(0x0a, 5), Buffer.from('hello')]);

  test.each([
    ['fields nobody knows', Buffer.concat([hello, bytes(0xfa, 0x7f, 3, 1, 2, 3, 0xf0, 0x7f, 1)]), 200],
    ['a length beyond the end', Buffer.concat([hello, bytes(0x1a, 0xff, 0xff, 0xff, 0x7f)]), 400],
    ['a field cut short', hello.subarray(0, 4), 400],
    ['a number without end', Buffer.alloc(64, 0xff), 400],
    ['a group without end', Buffer.concat([hello, Buffer.alloc(20_000, 0x0b)]), 400],
    ['text that is not UTF-8', Buffer.concat([hello, bytes(0x1a, 2, 0xc3, 0x28)]), 400],
    ['field number 0', Buffer.concat([hello, bytes(0, 0)]), 400],
  ])('protobuf with %s', async (_what, body, status) => {
    expect(await invoke(body, 'application/proto')).toBe(status);
  });

  test.each([
    [
      'text that is not UTF-8',
      Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
      'application/json',
      [400],
    ],
    [
      'keys that mean something to JavaScript',
      '{"function":"hello","__proto__":{"a":1}}',
      'application/json',
      [200, 400],
    ],
    ['half a surrogate', '{"function":"hello","text":"\\ud800"}', 'application/json', [200, 400]],
    ['XML', '<a/>', 'application/xml', [415]],
    ['a form', 'function=hello', 'application/x-www-form-urlencoded', [415]],
    ['a type that is none', '{}', ';;;', [415]],
    ['a charset of long ago', '{"function":"hello"}', 'application/json; charset=utf-7', [200, 415]],
  ])('%s', async (_what, body, type, statuses) => {
    expect(statuses).toContain(await invoke(body, type));
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test.each([
    'x'.repeat(12_000),
    '00-00000000000000000000000000000000-0000000000000000-01',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more',
    'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    '../../etc',
  ])('a traceparent that is none begins a trace of ours (%#)', async (traceparent) => {
    const init = { method: 'POST', headers: { traceparent } };
    const answer = await fetch(`${harness.url}/invoke?fn=hello`, init);
    expect([answer.status, answer.headers.get('traceparent')]).toEqual([
      200,
      expect.stringMatching(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/),
    ]);
    expect(harness.dispatch.jobs.at(-1)?.traceparent).not.toContain('etc');
  });
});
