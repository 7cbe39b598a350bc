import { connect, constants } from 'node:http2';
import net from 'node:net';
import { ManualClock, RelaisError } from '@relais/kit';
import type { FakeStream } from '../testing/fake-dispatch.js';
import { type Harness, startGateway, until } from '../testing/harness.js';
import { rawExchange } from '../testing/raw.js';

let harness: Harness;

beforeEach(async () => {
  harness = await startGateway();
  await fetch(`${harness.url}/deploy?name=f&lang=js`, { method: 'POST', body: 'x' });
});

afterEach(() => harness.gateway.stop(0));

const withStream = (run: FakeStream) => harness.dispatch.streams.set('f', run);
const text = (data: string) => ({ data: Buffer.from(data) });
const typed = (type: string, status = 200) => ({
  data: Buffer.alloc(0),
  http: { status, headers: [{ name: 'content-type', value: type }] },
});
const broken = () => new RelaisError('aborted', 'It broke.', { reason: 'function_failed' });

/** A promise that the test settles. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, open: resolve };
}

const textOf = (value: Uint8Array | undefined) => Buffer.from(value ?? []).toString();

test('output goes out while the function runs', async () => {
  const next = gate();
  withStream(async (give) => {
    await give(typed('text/x-tokens', 201));
    await give(text('one '));
    await next.promise;
    await give(text('two'));
  });
  const answer = await fetch(`${harness.url}/fn/f`);
  const reader = answer.body?.getReader();
  expect([answer.status, answer.headers.get('content-type')]).toEqual([201, 'text/x-tokens']);
  expect(textOf((await reader?.read())?.value)).toBe('one ');
  next.open();
  expect(textOf((await reader?.read())?.value)).toBe('two');
  expect((await reader?.read())?.done).toBe(true);
});

test('what ends while it is held back is a whole answer with its own type, and a failure has its status', async () => {
  withStream(async (give) => {
    await give(text('{"a":'));
    await give(text('1}'));
  });
  const answer = await fetch(`${harness.url}/fn/f`);
  expect([answer.headers.get('content-type'), answer.headers.get('content-length')]).toEqual(['application/json', '7']);
  expect(await answer.json()).toEqual({ a: 1 });
  withStream(async (give) => {
    await give(text('so far'));
    throw broken();
  });
  const failed = await fetch(`${harness.url}/fn/f`);
  expect([failed.status, ((await failed.json()) as { ok: boolean }).ok]).toEqual([502, false]);
});

test('what is held back goes out as text when its time is over, or when it is too much', async () => {
  const clock = new ManualClock();
  const held = await startGateway({ clock });
  await fetch(`${held.url}/deploy?name=f&lang=js`, { method: 'POST', body: 'x' });
  const end = gate();
  let given = 0;
  const give: FakeStream = async (part) => {
    await part(text('first'));
    given++;
    await end.promise;
  };
  held.dispatch.streams.set('f', give);
  const asking = fetch(`${held.url}/fn/f`);
  await until(() => given === 1);
  clock.advance(50);
  const answer = await asking;
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  end.open();
  expect(await answer.text()).toBe('first');
  held.dispatch.streams.set('f', async (part) => {
    await part({ data: Buffer.alloc(60_000) });
    await part({ data: Buffer.alloc(60_000) });
    await new Promise(() => {});
  });
  const large = await fetch(`${held.url}/fn/f`);
  expect((await large.body?.getReader().read())?.value?.length).toBeGreaterThan(0);
  await held.gateway.stop(0);
});

test.each([
  ['HTTP/1.1', 'GET /fn/f HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'],
  ['HTTP/1.0', 'GET /fn/f HTTP/1.0\r\n\r\n'],
])('a failure after output breaks the body off, over %s', async (version, request) => {
  withStream(async (give) => {
    await give(typed('text/plain'));
    await give(text('so far'));
    throw broken();
  });
  const got = await rawExchange(harness.port, request).catch((error: NodeJS.ErrnoException) => error.code ?? '');
  // HTTP/1.0 has no end but that of the connection, so that is a reset; HTTP/1.1 lacks its last chunk.
  if (version === 'HTTP/1.0') expect(got).toBe('ECONNRESET');
  else expect([got.includes('so far'), got.endsWith('0\r\n\r\n')]).toEqual([true, false]);
});

test('a failure after output resets the stream of HTTP/2, and its connection goes on', async () => {
  withStream(async (give) => {
    await give(typed('text/plain'));
    await give(text('so far'));
    throw broken();
  });
  const session = connect(harness.url);
  const stream = session.request({ ':path': '/fn/f' });
  let body = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk;
  });
  await new Promise((resolve) => stream.once('error', resolve));
  expect([body, stream.rstCode]).toEqual(['so far', constants.NGHTTP2_INTERNAL_ERROR]);
  expect(session.destroyed).toBe(false);
  session.close();
});

test('one who asks for events gets each part as one, and how it ended as the last', async () => {
  withStream(async (give) => {
    await give(text('a b'));
    await give({ data: Buffer.from('é').subarray(0, 1) });
    await give({ data: Buffer.from('é\nc').subarray(1) });
  });
  const accept = { accept: 'text/event-stream' };
  const answer = await fetch(`${harness.url}/fn/f`, { headers: accept });
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const [first, second, last] = (await answer.text()).split('\n\n');
  expect([first, second]).toEqual(['data: a b', 'data: é\ndata: c']);
  expect(last).toMatch(/^event: end\ndata: \{"ok":true,"invocationId":"\w{32}","durationMs":[\d.]+\}$/);
  withStream(async (give) => {
    await give(text('so far'));
    throw broken();
  });
  const got = await rawExchange(
    harness.port,
    'GET /fn/f HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n',
  );
  expect(got).toContain('data: so far\n\n');
  expect(got).toMatch(/event: error\ndata: \{"ok":false,"error":\{"code":"aborted"/);
  expect(got.endsWith('0\r\n\r\n')).toBe(false);
});

test('events a function makes itself pass as they are', async () => {
  withStream(async (give) => {
    await give(typed('text/event-stream'));
    await give(text('data: mine\n\n'));
  });
  const answer = await fetch(`${harness.url}/fn/f`, { headers: { accept: 'text/event-stream' } });
  expect(await answer.text()).toBe('data: mine\n\n');
});

test('one who does not read holds up the function, others go on, and one who reads again gets all of it', async () => {
  let given = 0;
  const parts = 2_000;
  withStream(async (give) => {
    await give(typed('text/plain'));
    for (; given < parts; given++) await give({ data: Buffer.alloc(32_768, 'x') });
  });
  const socket = net.connect(harness.port, '127.0.0.1');
  socket.write('GET /fn/f HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
  let settled = -1;
  await until(() => {
    const isStill = given > 0 && given === settled;
    settled = given;
    return isStill && given < parts;
  }, 20_000);
  const other = await fetch(`${harness.url}/invoke?fn=f`, { method: 'POST', body: 'still here' });
  expect(((await other.json()) as { output: string }).output).toBe('still here');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const stoppedAt = given;
  let bytes = 0;
  socket.on('data', (chunk) => {
    bytes += chunk.length;
  });
  await new Promise((resolve) => socket.once('close', resolve));
  expect(stoppedAt).toBeLessThan(parts);
  expect([given, bytes > parts * 32_768]).toEqual([parts, true]);
}, 30_000);

test.each([
  ['closes its connection', (socket: net.Socket) => socket.destroy()],
  ['ends its side of it', (socket: net.Socket) => socket.end()],
])('a caller that %s stops a silent function', async (_what, leave) => {
  let stopped = false;
  withStream(async (give, context) => {
    await give(typed('text/plain'));
    await give(text('hello'));
    await new Promise<void>((resolve) => context.signal?.addEventListener('abort', () => resolve()));
    stopped = true;
    throw new RelaisError('cancelled', 'gone');
  });
  const socket = net.connect(harness.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET /fn/f HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  await new Promise((resolve) => socket.once('data', resolve));
  leave(socket);
  await until(() => stopped);
  socket.destroy();
});

test('a caller that does not read the end of a failed stream is cut off', async () => {
  const fail = gate();
  withStream(async (give) => {
    await give(typed('text/plain'));
    const filling = (async () => {
      for (;;) await give({ data: Buffer.alloc(32_768) });
    })();
    filling.catch(() => {});
    await fail.promise;
    throw new RelaisError('deadline_exceeded', 'Its time is over.');
  });
  const socket = net.connect(harness.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET /fn/f HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  await new Promise((resolve) => socket.once('readable', resolve));
  fail.open();
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
}, 20_000);

test('HEAD gets the head, and the function is stopped', async () => {
  let stopped = false;
  withStream(async (give, context) => {
    context.signal?.addEventListener('abort', () => {
      stopped = true;
    });
    await give(typed('text/x', 203));
    await new Promise(() => {});
  });
  const answer = await fetch(`${harness.url}/fn/f`, { method: 'HEAD' });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([203, 'text/x']);
  await until(() => stopped);
});

test('a WASM function streams until it is known to be quick', async () => {
  await fetch(`${harness.url}/deploy?name=w&lang=c`, { method: 'POST', body: 'x' });
  const windows: number[] = [];
  harness.dispatch.functions.set('w', (work) => {
    windows.push(work.streamWindowBytes);
    return { output: 'quick' };
  });
  for (let count = 0; count < 2; count++) expect(await (await fetch(`${harness.url}/fn/w`)).text()).toBe('quick');
  expect(windows).toEqual([256 * 1024, 0]);
});

test('a long output that is there at once is one event', async () => {
  harness.dispatch.functions.set('f', () => ({ output: '\n'.repeat(3_000_000) }));
  const answer = await fetch(`${harness.url}/fn/f`, { headers: { accept: 'text/event-stream' } });
  const body = await answer.text();
  expect(body.startsWith('data: \ndata: ')).toBe(true);
  expect(body.split('\n\n').map((event) => event.split('\n').length)).toEqual([3_000_001, 2, 1]);
});
