import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import type { CancelSignal, RelaisError } from '@relais/kit';
import type { GatewayLimits } from '../limits.js';
import { type Harness, startGateway, until } from '../testing/harness.js';
import { rawExchange } from '../testing/raw.js';

let harness: Harness;

async function start(limits: Partial<GatewayLimits> = {}): Promise<void> {
  await startEmpty(limits);
  await fetch(`${harness.url}/deploy?name=hello&lang=c`, { method: 'POST', body: 'x' });
}

afterEach(() => harness.gateway.stop(0));

async function startEmpty(limits: Partial<GatewayLimits>): Promise<void> {
  harness = await startGateway({ limits });
}

const failureOf = (raw: string) => JSON.parse(raw.slice(raw.indexOf('\r\n\r\n'))).error;

function connect(): net.Socket {
  const socket = net.connect({ port: harness.port, host: '127.0.0.1' });
  socket.on('error', () => {});
  return socket;
}

test('a connection that says nothing is cut', async () => {
  await startEmpty({ firstBytesTimeoutMs: 50 });
  expect(await rawExchange(harness.port)).toBe('');
});

test('a connection that begins like HTTP/2 and stops is cut', async () => {
  await startEmpty({ firstBytesTimeoutMs: 50 });
  expect(await rawExchange(harness.port, 'PRI * HT')).toBe('');
});

test('first bytes that trickle in are put together', async () => {
  await start();
  const socket = connect();
  socket.setNoDelay(true);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'connect');
  for (const part of ['P', 'OST /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r', '\n']) {
    await new Promise((resolve) => socket.write(part, resolve));
  }
  await once(socket, 'close');
  expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 404 /);
});

test('headers that do not come to an end are 408 in our shape', async () => {
  await startEmpty({ headersTimeoutMs: 100 });
  const raw = await rawExchange(harness.port, 'GET / HTTP/1.1\r\nhost: x\r\nx-slow:');
  expect(raw).toMatch(/^HTTP\/1.1 408 /);
  expect(failureOf(raw)).toMatchObject({ code: 'deadline_exceeded', reason: 'request_timeout', fault: 'caller' });
});

test('a body that does not come to an end is 408', async () => {
  await startEmpty({ headersTimeoutMs: 100, requestTimeoutMs: 200 });
  const raw = await rawExchange(
    harness.port,
    'POST /invoke?fn=hello HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc',
  );
  expect(raw).toMatch(/^HTTP\/1.1 408 /);
});

test('headers over the bound are 431 in our shape', async () => {
  await start();
  const raw = await rawExchange(harness.port, `GET / HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(17 * 1024)}\r\n\r\n`);
  expect(raw).toMatch(/^HTTP\/1.1 431 /);
  expect(raw).toMatch(/\r\ntraceparent: 00-/);
  expect(failureOf(raw)).toMatchObject({ code: 'invalid_argument', reason: 'headers_too_large' });
});

test.each([
  ['nothing of HTTP', '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n'],
  ['a bad chunk', 'POST /invoke?fn=hello HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
  ['two lengths', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
  [
    'length and chunks',
    'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
])('%s is 400 in our shape', async (_what, bytes) => {
  await start();
  const raw = await rawExchange(harness.port, bytes);
  expect(raw).toMatch(/HTTP\/1.1 400 /);
  expect(raw).toContain('"reason":"malformed_request"');
});

test.each([
  ['no Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400, 'malformed_request'],
  ['two Hosts', 'GET /healthz HTTP/1.1\r\nhost: a\r\nHost: b\r\n\r\n', 400, 'malformed_request'],
  [
    'a coding we do not know',
    'POST /invoke?fn=hello HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
    501,
    'unknown_transfer_coding',
  ],
  ['CONNECT', 'CONNECT example.org:443 HTTP/1.1\r\nhost: example.org:443\r\n\r\n', 405, 'method_not_allowed'],
  [
    'an expectation we do not know',
    'POST /invoke?fn=hello HTTP/1.1\r\nhost: x\r\nexpect: 200-ok\r\ncontent-length: 1\r\n\r\na',
    417,
    'unknown_expectation',
  ],
])('%s is refused in our shape', async (_what, bytes, status, reason) => {
  await start();
  const raw = await rawExchange(harness.port, bytes);
  expect(raw.split(' ')[1]).toBe(String(status));
  expect(failureOf(raw)).toMatchObject({ reason, fault: 'caller', component: 'gateway' });
  expect(raw).toMatch(/\r\ntraceparent: 00-/);
});

test('HTTP/1.0 needs no Host', async () => {
  await start();
  expect(await rawExchange(harness.port, 'GET /healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
});

test('one connection takes plain requests, others, and plain ones again', async () => {
  await start();
  const call = (body: string, head: string) => `POST /invoke?fn=hello HTTP/1.1\r\nhost: x\r\n${head}\r\n\r\n${body}`;
  const requests = [
    call('one', 'content-length: 3'),
    call('two', 'content-length: 3'),
    call('5\r\nthree\r\n0\r\n\r\n', 'transfer-encoding: chunked'),
    call('four', 'content-length: 4'),
    call('five', 'content-length: 4\r\nconnection: close'),
  ];
  const socket = connect();
  let raw = '';
  socket.setEncoding('latin1').on('data', (text) => {
    raw += text;
  });
  for (const [index, request] of requests.entries()) {
    socket.write(request);
    await until(() => raw.split('"durationMs"').length > index + 1);
  }
  await until(() => socket.destroyed);
  expect([...raw.matchAll(/"output":"(\w+)"/g)].map(([, output]) => output)).toEqual([
    'one',
    'two',
    'three',
    'four',
    'five',
  ]);
  const heads = raw.split('HTTP/1.1 200 OK\r\n').slice(1);
  // Whoever reads it, the same headers come back.
  const namesOf = (head = '') => [...head.matchAll(/^([\w-]+): /gm)].map(([, name]) => name?.toLowerCase()).sort();
  expect(namesOf(heads[0])).toEqual(namesOf(heads[3]));
});

test('a refusal of a plain request, of which all has been read, costs it no connection', async () => {
  await start();
  const refused = 'POST /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc';
  const socket = connect();
  let raw = '';
  socket.setEncoding('latin1').on('data', (text) => {
    raw += text;
  });
  socket.write(refused);
  await until(() => raw.includes('method_not_allowed'));
  socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  await until(() => socket.destroyed);
  const heads = raw.split('HTTP/1.1 ').slice(1);
  expect(heads.map((head) => [head.slice(0, 3), /^connection: (\S+)/im.exec(head)?.[1]])).toEqual([
    ['405', 'keep-alive'],
    ['200', 'close'],
  ]);
});

test('a socket serves so many requests and no more', async () => {
  await start({ requestsPerSocketMax: 2 });
  const request = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n';
  const socket = connect();
  let raw = '';
  socket.setEncoding('latin1').on('data', (text) => {
    raw += text;
  });
  for (let i = 0; i < 3; i++) socket.write(request);
  await until(() => raw.includes(' 503 '));
  socket.destroy();
  const answers = raw.split('HTTP/1.1 ').slice(1);
  expect(answers.map((answer) => [answer.slice(0, 3), /connection: close/i.test(answer)])).toEqual([
    ['200', false],
    ['200', true],
    ['503', true],
  ]);
});

test('a connection over the bound is closed', async () => {
  await startEmpty({ connectionsMax: 2 });
  const first = connect();
  await once(first, 'connect');
  const second = connect();
  await once(second, 'connect');
  const third = connect();
  await once(third, 'close');
  first.destroy();
  second.destroy();
});

describe('a caller that goes away', () => {
  async function waitingCall() {
    let signal: CancelSignal | undefined;
    harness.dispatch.functions.set('hello', (_work, _job, context) => {
      signal = context.signal;
      return new Promise(() => {});
    });
    const cancelled = () => signal?.aborted === true;
    return { cancelled, started: () => signal !== undefined };
  }

  test('over HTTP/1.1 cancels its call', async () => {
    await start();
    const call = await waitingCall();
    const socket = connect();
    socket.write('POST /invoke?fn=hello HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n');
    await until(call.started);
    expect(call.cancelled()).toBe(false);
    socket.destroy();
    await until(call.cancelled);
  });

  test('over HTTP/1.1 by closing in good order cancels its call', async () => {
    await start();
    const call = await waitingCall();
    const socket = net.connect({ port: harness.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.resume();
    socket.write('POST /invoke?fn=hello HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n');
    await until(call.started);
    socket.end(() => socket.destroy());
    await until(call.cancelled);
  });

  test('over HTTP/2 cancels its call and no other', async () => {
    await start();
    const session = http2.connect(harness.url);
    const call = await waitingCall();
    const gone = session.request({ ':method': 'POST', ':path': '/invoke?fn=hello' });
    gone.on('error', () => {});
    gone.end();
    await until(call.started);
    const other = await waitingCall();
    session
      .request({ ':method': 'POST', ':path': '/invoke?fn=hello' })
      .on('error', () => {})
      .end();
    await until(other.started);
    gone.close(http2.constants.NGHTTP2_CANCEL);
    await until(call.cancelled);
    expect(other.cancelled()).toBe(false);
    session.destroy();
  });

  test.each(['/invoke?fn=hello', '/relais.v1.InvocationService/Invoke'])(
    'over HTTP/2 by closing its connection cancels its call to %s',
    async (path) => {
      await start();
      const tcp = connect();
      const session = http2.connect(harness.url, { createConnection: () => tcp });
      session.on('error', () => {});
      const call = await waitingCall();
      const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/json' });
      stream.on('error', () => {});
      stream.end('{"function":"hello"}');
      await until(call.started);
      tcp.end();
      await until(call.cancelled);
      await harness.gateway.stop(60_000);
      tcp.destroy();
    },
  );

  test('in the middle of a body does no harm', async () => {
    await start();
    const socket = connect();
    socket.write('POST /invoke?fn=hello HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc', () =>
      socket.resetAndDestroy(),
    );
    await once(socket, 'close');
    expect((await fetch(`${harness.url}/healthz`)).status).toBe(200);
  });
});

describe('a caller that has said all it had to say', () => {
  const body = '{"function":"hello"}';
  const invokes = [
    {
      how: 'REST',
      interims: 3,
      request: `POST /invoke?fn=hello HTTP/1.1\r\nhost: x\r\ncontent-length: 20\r\n\r\n${body}`,
    },
    { how: 'HTTP/1.0', interims: 0, request: `POST /invoke?fn=hello HTTP/1.0\r\ncontent-length: 20\r\n\r\n${body}` },
    {
      how: 'Connect',
      interims: 3,
      request: `POST /relais.v1.InvocationService/Invoke HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n${body}`,
    },
  ];

  test.each(invokes)('still gets its answer by $how', async ({ interims, request }) => {
    await start();
    const answers: (() => void)[] = [];
    let signal: CancelSignal | undefined;
    harness.dispatch.functions.set('hello', (_work, _job, context) => {
      signal = context.signal;
      return new Promise((resolve) => answers.push(() => resolve({ output: 'late' })));
    });
    const socket = net.connect({ port: harness.port, host: '127.0.0.1', allowHalfOpen: true });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    const closed = once(socket, 'close');
    socket.end(request);
    await until(() => answers.length === 1);
    // By then the gateway has seen the end, and can tell a connection that is half closed from one that is closed.
    const interim = () => Buffer.concat(chunks).toString().split('HTTP/1.1 100').length - 1;
    await until(() => interim() === interims);
    await fetch(`${harness.url}/healthz`);
    expect(signal?.aborted).toBe(false);
    answers[0]?.();
    await closed;
    const raw = Buffer.concat(chunks).toString();
    expect(raw).toMatch(/HTTP\/1.1 200 OK\r\n/);
    expect(raw).toContain('late');
  });
});

test('a flood of resets ends its session, not the gateway', async () => {
  await start({ streamResetBurstMax: 20, streamResetsPerSecondMax: 1 });
  const session = http2.connect(harness.url);
  session.on('error', () => {});
  const closed = new Promise((resolve) => session.once('close', resolve));
  for (let i = 0; i < 200; i++) {
    const stream = session.request({ ':path': '/healthz' });
    stream.on('error', () => {});
    stream.close(http2.constants.NGHTTP2_CANCEL);
  }
  await closed;
  expect((await fetch(`${harness.url}/healthz`)).status).toBe(200);
});

/** Resolves once a new connection is refused; one that comes before the port closes is taken. */
async function refused(): Promise<void> {
  for (;;) {
    const socket = connect();
    const code = await new Promise((resolve) => {
      socket.once('connect', () => resolve('taken'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    socket.destroy();
    if (code === 'ECONNREFUSED') return;
  }
}

describe('a graceful stop', () => {
  test('lets accepted requests of both protocols end and takes nothing new', async () => {
    await start({ firstBytesTimeoutMs: 60_000 });
    const waiting: (() => void)[] = [];
    harness.dispatch.functions.set('hello', (work) => {
      return new Promise((resolve) => waiting.push(() => resolve({ output: work.payload })));
    });
    const session = http2.connect(harness.url);
    const stream = session.request({ ':method': 'POST', ':path': '/invoke?fn=hello' });
    stream.end('two');
    const overHttp1 = fetch(`${harness.url}/invoke?fn=hello`, { method: 'POST', body: 'one' });
    await until(() => waiting.length === 2);
    const idle = connect();
    await once(idle, 'connect');
    idle.resume();
    const idleClosed = once(idle, 'close');
    const stopped = harness.gateway.stop(20_000);
    await refused();
    for (const answer of waiting) answer();
    const [response, [headers]] = await Promise.all([overHttp1, once(stream, 'response')]);
    expect([response.status, response.headers.get('connection'), headers[':status']]).toEqual([200, 'close', 200]);
    await response.text();
    stream.resume();
    await Promise.all([stopped, idleClosed]);
  });

  test('cuts what is left when the grace is over', async () => {
    await start();
    harness.dispatch.functions.set('hello', () => new Promise(() => {}));
    const call = fetch(`${harness.url}/invoke?fn=hello`, { method: 'POST' });
    const refused = expect(call).rejects.toThrow();
    await until(() => harness.dispatch.jobs.length === 2);
    await harness.gateway.stop(50);
    await refused;
  });
});

test('a port that is taken says so', async () => {
  await start();
  const failure = (await startGateway({ port: harness.port }).catch((error: unknown) => error)) as RelaisError;
  expect(failure).toMatchObject({ code: 'failed_precondition', fields: { reason: 'cannot_listen' } });
});
