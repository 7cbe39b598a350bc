import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Isolation } from '@relais/contracts';
import { RelaisError, systemClock } from '@relais/kit';
import { launcherForTests } from '../../processes/testing/launcher.js';
import { deployForTest, descendantPids, failureOf, outputOf, testCall, until } from '../conformance/support.js';
import { defaultRuntimeLimits } from '../limits.js';
import { createJsRuntime } from './js-runtime.js';

const { launcher } = launcherForTests();
const limits = { ...defaultRuntimeLimits, processesMax: 3, logBytesMax: 2000, outputBytesMax: 100_000 };
const runtime = createJsRuntime({ limits, clock: systemClock, launcher });
afterAll(() => runtime.close());

const deploy = (source: string, config = {}) => deployForTest(runtime, 'fn.js', source, config);
const get = { method: 'GET', path: '/a', query: 'q=1', headers: [{ name: 'accept', value: 'x' }] };

async function outputFor(source: string, payload = ''): Promise<string> {
  const fn = await deploy(source);
  const output = outputOf(await fn.call({ payload })).toString();
  await fn.loaded.close();
  return output;
}

test.each([
  ['a string as is', '() => "text"', 'text'],
  ['bytes as they are', '() => new Uint8Array([65, 66])', 'AB'],
  ['an object as JSON', 'async () => ({ a: [1, null] })', '{"a":[1,null]}'],
  ['nothing', '() => {}', ''],
  ['null', '() => null', 'null'],
  ['a number', '() => 7', '7'],
  ['what a generator yields, joined', 'function* () { yield "a"; yield { b: 1 }; }', 'a{"b":1}'],
  ['what an async generator yields, joined', 'async function* () { yield "a"; yield "b"; }', 'ab'],
])('answers %s', async (_what, handler, expected) => {
  expect(await outputFor(`module.exports = ${handler};`)).toBe(expected);
});

test('an exception within a span shows the lines around it, and none of ours', async () => {
  const source = `const inner = () => { throw new Error("no"); };
exports.handler = function outer(_, context) { return context.span("s", inner); };`;
  const stack = failureOf(await (await deploy(source)).call()).fields.exit?.stack ?? '';
  expect(stack.split('\n').map((line) => line.trim().split(' ').slice(0, 2).join(' '))).toEqual([
    'Error: no',
    'at inner',
    'at outer',
  ]);
});

test.each([
  ['!!!', undefined],
  ['YWJjZ', undefined],
  ['Y=Jj', undefined],
  ['YWJj\r\nZA==', 'abcd'],
  ['-_-_', '\ufffd\ufffd\ufffd'],
  ['', ''],
])('the base64 body %j answers %j or fails the call', async (body, expected) => {
  const fn = await deploy('exports.handler = (body) => ({ statusCode: 200, body, isBase64Encoded: true });');
  const { result } = await fn.call({ payload: JSON.stringify(body), http: get });
  expect(result.ok ? Buffer.from(result.output).toString() : undefined).toBe(expected);
  expect(result.ok ? 'base64' : `${result.error.fields.reason} ${result.error.message}`).toMatch(
    expected === undefined ? /^function_failed .*is not base64/ : 'base64',
  );
});

test.each([
  ['JSON', '{"a":1}', 'object {"a":1}'],
  ['text that is not JSON', '{"a":', 'string "{\\"a\\":"'],
  ['nothing', '', 'object null'],
])('gives %s as the event', async (_what, payload, expected) => {
  const source = 'export default (event) => typeof event + " " + JSON.stringify(event);';
  expect(await outputFor(source, payload)).toBe(expected);
});

test('gives bytes that are not text as a Buffer', async () => {
  const fn = await deploy('export default (event) => Buffer.isBuffer(event) ? event : "no buffer";');
  const payload = Buffer.from([0xff, 0, 0xfe]);
  expect(outputOf(await fn.call({ payload }))).toEqual(payload);
});

test('the context says what the call is', async () => {
  const fn = await deploy(`export const handler = (_event, c) => ({
    ...c, left: c.getRemainingTimeMs(), wall: c.deadlineMs - Date.now(), logger: typeof c.logger.info });`);
  const answer = JSON.parse(outputOf(await fn.call({ invocationId: 'inv-7', budgetMs: 5000 })).toString());
  expect(answer).toMatchObject({
    invocationId: 'inv-7',
    functionName: 'probe',
    functionId: 'probe_1700000000',
    version: 1,
    attempt: 1,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    logger: 'function',
  });
  expect(answer.left).toBeGreaterThan(1000);
  expect(answer.left).toBeLessThanOrEqual(5000);
  expect(answer.wall).toBeLessThanOrEqual(5001);
});

test('an HTTP trigger shows the request and takes status, headers and body', async () => {
  const fn = await deploy(`export const handler = (_event, { http }) => ({
    statusCode: 418, headers: { 'X-Path': http.path + '?' + http.query, 'set-cookie': ['a=1', 'b=2'] },
    body: Buffer.from(http.method + http.headers.accept).toString('base64'), isBase64Encoded: true });`);
  const { result } = await fn.call({ http: get });
  expect(result).toMatchObject({
    ok: true,
    http: {
      status: 418,
      headers: [
        { name: 'x-path', value: '/a?q=1' },
        { name: 'set-cookie', value: 'a=1' },
        { name: 'set-cookie', value: 'b=2' },
      ],
    },
  });
  expect(result.ok && Buffer.from(result.output).toString()).toBe('GETx');
  const plain = outputOf(await (await deploy('export default () => ({ statusCode: 200 });')).call());
  expect(plain.toString()).toBe('{"statusCode":200}');
});

test.each([
  ['a status that is none', '{ statusCode: 99 }'],
  ['a header with a line break', '{ statusCode: 200, headers: { a: "b\\r\\nc: d" } }'],
  ['a header name that is none', '{ statusCode: 200, headers: { "a b": "c" } }'],
])('refuses %s', async (_what, response) => {
  const fn = await deploy(`export default () => (${response});`);
  expect(failureOf(await fn.call({ http: get })).fields.reason).toBe('function_failed');
});

test('what is printed is the log of that call and of no other', async () => {
  const fn = await deploy(`console.log('loading');
    exports.handler = (n, c) => { console.log('out', n); c.logger.warn('careful %d', n); return n; };`);
  const logs: string[] = [];
  for (const n of [1, 2, 3]) logs.push((await fn.call({ payload: `${n}` })).logs);
  // What is printed and what is logged come by pipes of their own, so only each for itself is in order.
  const told = (isLogged: boolean) =>
    logs.map((text) => text.split('\n').filter((line) => line !== '' && line.startsWith('WARN') === isLogged));
  expect(told(false)).toEqual([['loading', 'out 1'], ['out 2'], ['out 3']]);
  expect(told(true)).toEqual([['WARN careful 1'], ['WARN careful 2'], ['WARN careful 3']]);
});

test('what is printed just before the answer is in the log, however busy the worker is', async () => {
  const fn = await deploy('exports.handler = (n) => { if (n % 2 === 1) console.log(n); return n; };');
  const logs: string[] = [];
  for (let n = 0; n < 20; n++) {
    const pending = fn.call({ payload: `${n}` });
    // The line and the answer lie ready together when this process looks again, and the answer may be seen first.
    if (n % 2 === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    logs.push((await pending).logs);
  }
  expect(logs).toEqual(Array.from({ length: 20 }, (_, n) => (n % 2 === 1 ? `${n}\n` : '')));
});

test('a thrown error has its name, message and a stack of the user alone, and the instance stays', async () => {
  const fn = await deploy(`let n = 0;
class Refused extends RangeError { name = 'Refused'; }
function inner() { throw new Refused('no such thing'); }
export const handler = async () => { if (n++ === 0) inner(); return n; };`);
  const error = failureOf(await fn.call());
  expect(error.message).toBe('The function threw Refused: no such thing');
  expect(error.fields.exit?.stack).toBe(
    'Refused: no such thing\n    at inner (fn.js:3:26)\n    at handler (fn.js:4:53)',
  );
  expect(outputOf(await fn.call()).toString()).toBe('2');
});

test.each([
  'throw "text"',
  'throw null',
  'throw { get message() { throw 1; } }',
  'return 1n',
  'return Promise.reject()',
])('survives a handler that does %s', async (body) => {
  const fn = await deploy(`exports.handler = () => { ${body}; };`);
  expect(failureOf(await fn.call()).fields.reason).toBe('function_failed');
});

test('a function that cannot be loaded fails its calls with the reason', async () => {
  const fn = await deploy('import "no-such-package"; export const handler = () => 1;');
  const error = failureOf(await fn.call());
  expect(error.message).toContain('no-such-package');
  expect(error.fields.reason).toBe('function_failed');
});

test('a crash fails only its own call and the instance is replaced', async () => {
  const fn = await deploy(`exports.handler = (event) => {
    if (event === 'die') process.kill(process.pid, 'SIGSEGV');
    return new Promise((resolve) => setTimeout(resolve, 200, process.pid)); };`);
  const [neighbour, crash] = await Promise.all([fn.call(), fn.call({ payload: '"die"' })]);
  expect(failureOf(crash).fields.exit).toMatchObject({ signal: 'SIGSEGV', exitCode: 0 });
  const pid = outputOf(neighbour).toString();
  const after = await Promise.all([fn.call(), fn.call()]);
  expect(after.map((outcome) => outputOf(outcome).toString())).toContain(pid);
});

test('too much memory is named as that', async () => {
  const fn = await deploy(
    'exports.handler = () => { const all = []; for (;;) all.push(new Array(1000).fill(all.length)); };',
    {
      memoryMb: 32,
    },
  );
  const outcome = await fn.call();
  const error = failureOf(outcome);
  expect(error.fields).toMatchObject({ reason: 'memory_limit', limit: { name: 'memoryMb', limit: 32, used: 32 } });
  for (const text of [outcome.logs, error.fields.exit?.stderrTail]) {
    expect(text).toContain('heap out of memory');
    expect(text).not.toMatch(/node::|\] *\/|Native stack|\d: 0x/);
    expect(text).not.toContain(process.execPath);
  }
});

test.each([
  [
    'a rejection nobody handles',
    'exports.handler = () => { Promise.reject(new Error("gone")); return new Promise(() => setInterval(() => {}, 1e6)); };',
    'Error: gone\n    at exports.handler (fn.js:1:',
  ],
  [
    'a value nobody handles',
    'exports.handler = () => { Promise.reject(5); return new Promise(() => setInterval(() => {}, 1e6)); };',
    'with the reason "5"',
  ],
  [
    'an error in a timer',
    'exports.handler = () => new Promise(() => setTimeout(() => { throw new Error("late"); }));',
    'Error: late\n    at Timeout._onTimeout (fn.js:1:',
  ],
  ['a program that throws', 'throw new Error("no");', 'Error: no\n    at Object.<anonymous> (fn.js:1:'],
  ['a program that throws no error', 'throw { a: 1 };', '{ a: 1 }'],
  ['an ES module that throws', 'import "node:fs";\nthrow new Error("no");', 'Error: no\n    at fn.js:2:'],
])('%s is told without frames and paths that are not the function’s', async (_what, source, expected) => {
  const fn = await deploy(source);
  const outcome = await fn.call();
  const error = failureOf(outcome);
  for (const text of [outcome.logs, error.fields.exit?.stderrTail]) {
    expect(text).toContain(expected);
    expect(text).not.toMatch(/relais:shim|node:internal|node:events|throw error;|new Unhandled|\/function\//);
  }
});

test('output over the limit leaves the instance warm', async () => {
  const fn = await deploy('let n = 0; exports.handler = () => n++ ? n : "x".repeat(100_001);');
  expect(failureOf(await fn.call()).fields).toMatchObject({
    reason: 'output_limit',
    limit: { name: 'outputBytesMax', limit: 100_000, used: 100_001 },
  });
  expect(outputOf(await fn.call()).toString()).toBe('2');
});

test.each([
  ['bytes that are no frame', 'Buffer.alloc(64, 0xee)'],
  ['a frame that is no message', 'frame({ type: "nonsense" })'],
  ['a result for another call', 'frame({ type: "result", call: 99 })'],
  ['an absurd payload', 'Buffer.from([0, 0, 0, 0, 255, 255, 255, 255])'],
])('a function that writes %s on the channel fails alone', async (_what, bytes) => {
  const fn = await deploy(`const frame = (header) => { const json = Buffer.from(JSON.stringify(header));
      const prefix = Buffer.alloc(8); prefix.writeUInt32LE(json.length, 0); return Buffer.concat([prefix, json]); };
    exports.handler = (event) => {
      if (event !== 'forge') return 'fine';
      require('fs').writeSync(3, ${bytes});
      return new Promise((resolve) => setTimeout(resolve, 60_000)); };`);
  expect(failureOf(await fn.call({ payload: '"forge"' })).fault).toBe('function');
  expect(outputOf(await fn.call()).toString()).toBe('fine');
});

test.each([
  ['in a call', 'flood()'],
  ['when its call is over', 'setTimeout(flood, 1)'],
])('a function that sends spans without end %s is ended', async (_when, begin) => {
  const fn = await deploy(`const json = Buffer.from('{"type":"span"}');
    const prefix = Buffer.alloc(8); prefix.writeUInt32LE(json.length, 0);
    const many = Buffer.concat(Array(1000).fill(Buffer.concat([prefix, json])));
    const flood = () => { for (let at = 0; ; at %= many.length)
      try { at += require('fs').writeSync(3, many, at); } catch (error) { if (error.code !== 'EAGAIN') throw error; } };
    const id = require('crypto').randomUUID();
    exports.handler = (event) => { if (event === 'flood') ${begin}; return id; };`);
  const first = outputOf(await fn.call()).toString();
  const outcomes = [await fn.call({ payload: '"flood"' })];
  const isOver = () => outcomes.some(({ result }) => result.ok && result.output.toString() !== first);
  while (!isOver()) outcomes.push(await fn.call());
  // Its process has been ended, rather than a call that it kept from being answered.
  expect(outcomes.flatMap(({ result }) => (result.ok ? [] : result.error.code))).not.toContain('deadline_exceeded');
});

test('a function that forges answers is ended and takes no other function with it', async () => {
  const neighbour = await deploy('exports.handler = () => "fine";');
  const fn = await deploy(`exports.handler = (event) => {
    if (event !== 'forge') return process.pid;
    const json = Buffer.from(JSON.stringify({ type: 'result', call: 2 }));
    const prefix = Buffer.alloc(8); prefix.writeUInt32LE(json.length, 0);
    for (let i = 0; i < 10; i++) require('fs').writeSync(3, Buffer.concat([prefix, json]));
    return 'late'; };`);
  const pid = Number(outputOf(await fn.call()).toString());
  expect(outputOf(await fn.call({ payload: '"forge"' })).toString()).toBe('');
  expect(outputOf(await neighbour.call()).toString()).toBe('fine');
  await until('the forger is gone', () => !descendantPids().has(pid));
});

test('fresh isolation keeps nothing, neither memory nor process', async () => {
  const fn = await deploy('let n = 0; exports.handler = () => performance.timeOrigin + ":" + ++n;', {
    isolation: Isolation.ISOLATION_FRESH,
  });
  const answers = [outputOf(await fn.call()).toString(), outputOf(await fn.call()).toString()];
  expect(answers.map((answer) => answer.split(':')[1])).toEqual(['1', '1']);
  expect(new Set(answers).size).toBe(2);
});

test('a cancelled call is over with every process it started', async () => {
  const fn = await deploy(`exports.handler = () => new Promise(() => {
    require('child_process').spawn('sleep', ['4242']); });`);
  const call = testCall();
  const pending = fn.loaded.invoke(call);
  await until('the child runs', () => commandLines().includes('sleep\u00004242\u0000'));
  fn.loaded.cancel(call.jobId, new RelaisError('deadline_exceeded', 'late'));
  expect(failureOf(await pending).code).toBe('deadline_exceeded');
  await until('the child is gone', () => !commandLines().includes('sleep\u00004242\u0000'));
});

test('a call that waits for a process can be cancelled', async () => {
  const fn = await deploy('exports.handler = () => new Promise(() => {});');
  const busy = [testCall(), testCall(), testCall()];
  const pending = busy.map((call) => fn.loaded.invoke(call));
  const waiting = testCall();
  const outcome = fn.loaded.invoke(waiting);
  fn.loaded.cancel(waiting.jobId, new RelaisError('cancelled', 'gone'));
  expect(failureOf(await outcome).code).toBe('cancelled');
  for (const call of busy) fn.loaded.cancel(call.jobId, new RelaisError('cancelled', 'gone'));
  expect((await Promise.all(pending)).map((done) => failureOf(done).code)).toEqual(Array(3).fill('cancelled'));
});

test('the examples work', async () => {
  const source = readFileSync(join(import.meta.dirname, '../../../../../examples/add.js'), 'utf8');
  expect(await outputFor(source, '{"a":2,"b":3}')).toBe('{"sum":5}');
});

function commandLines(): string {
  return [...descendantPids()].map(commandLine).join('\n');
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

test('a process is warm for calls with the same secrets, and no call meets another secret than its own', async () => {
  const fn = await deploy(
    'const { TOKEN } = process.env; const instance = Math.random(); export default () => TOKEN + " " + instance;',
  );
  const answer = async (TOKEN: string) =>
    outputOf(await fn.call({ secrets: { TOKEN } }))
      .toString()
      .split(' ');
  const [first, again, changed] = [await answer('one'), await answer('one'), await answer('two')];
  expect([first?.[0], again?.[0], changed?.[0]]).toEqual(['one', 'one', 'two']);
  expect([first?.[1] === again?.[1], again?.[1] === changed?.[1]]).toEqual([true, false]);
  const both = await Promise.all(['two', 'three', 'two', 'three'].map(answer));
  expect(both.map(([secret]) => secret)).toEqual(['two', 'three', 'two', 'three']);
  await fn.loaded.close();
});
