import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ErrorDetail, Form } from '@relais/contracts';
import { systemClock, toDetail } from '@relais/kit';
import { launcherForTests, testSearchPath } from '../../processes/testing/launcher.js';
import { deployForTest, descendantPids, failureOf, outputOf, rejectionOf } from '../conformance/support.js';
import { defaultRuntimeLimits } from '../limits.js';
import { createPythonRuntime } from './python-runtime.js';

const { launcher } = launcherForTests();
const limits = { ...defaultRuntimeLimits, processesMax: 3, outputBytesMax: 100_000 };
const options = { limits, clock: systemClock, launcher, searchPath: testSearchPath() };
const runtime = createPythonRuntime(options);
afterAll(() => runtime.close());

const deploy = (source: string) => deployForTest(runtime, 'fn.py', source);
const build = (source: string) =>
  runtime.build({ source: Buffer.from(source), filename: 'fn.py', config: undefined }, 20_000);
const get = { method: 'GET', path: '/a', query: 'q=1', headers: [{ name: 'accept', value: 'x' }] };

async function outputFor(source: string, payload = ''): Promise<string> {
  const fn = await deploy(source);
  const output = outputOf(await fn.call({ payload })).toString();
  await fn.loaded.close();
  return output;
}

test.each([
  ['a string as is', 'return "text"', 'text'],
  ['bytes as they are', 'return b"AB"', 'AB'],
  ['a dict as compact JSON', 'return {"ä": [1, None, True]}', '{"ä":[1,null,true]}'],
  ['None', 'return None', ''],
  ['a number', 'return 7', '7'],
  ['what a generator yields, joined', 'yield "a"; yield {"b": 1}', 'a{"b":1}'],
])('answers %s', async (_what, body, expected) => {
  expect(await outputFor(`def handler(event, context):\n    ${body}`)).toBe(expected);
});

test.each([
  ['!!!', undefined],
  ['YWJjZ', undefined],
  ['Y=Jj', undefined],
  ['YWJj\r\nZA==', 'abcd'],
  ['-_-_', '\ufffd\ufffd\ufffd'],
  ['', ''],
])('the base64 body %j answers %j or fails the call', async (body, expected) => {
  const fn = await deploy(
    'def handler(body, context):\n    return {"statusCode": 200, "body": body, "isBase64Encoded": True}',
  );
  const { result } = await fn.call({ payload: JSON.stringify(body), http: get });
  expect(result.ok ? Buffer.from(result.output).toString() : undefined).toBe(expected);
  expect(result.ok ? 'base64' : `${result.error.fields.reason} ${result.error.message}`).toMatch(
    expected === undefined ? /^function_failed .*is not base64/ : 'base64',
  );
});

test('shows the files of the library under their own paths', async () => {
  const thrown = failureOf(await (await deploy('def handler(event, context):\n    return object()')).call());
  expect(thrown.fields.exit?.stack).toContain('File "json/encoder.py", line ');
  const thread = 'import threading\ndef handler(event, context):\n    t = threading.Thread(target=lambda: 1 / 0)\n';
  const printed = await (await deploy(`${thread}    t.start()\n    t.join()\n    raise ValueError`)).call();
  const crash = 'import ctypes, faulthandler\nfaulthandler.enable()\ndef handler(event, context):\n';
  const crashed = await (await deploy(`${crash}    ctypes.string_at(0)`)).call();
  expect(printed.logs).toContain('File "threading.py", line ');
  expect(crashed.logs).toContain('File "ctypes/__init__.py", line ');
  expect(crashed.logs).toContain('File "fn.py", line 4');
  const stacks = [thrown, failureOf(printed), failureOf(crashed)].map(({ fields: { exit } }) => [
    exit?.stack,
    exit?.stderrTail,
  ]);
  expect([stacks, printed.logs, crashed.logs].flat(2).join('\n')).not.toMatch(/File "(\/|relais)/);
});

test('awaits an async handler and joins an async generator', async () => {
  const sleep = 'import asyncio\nasync def handler(event, context):\n    await asyncio.sleep(0)\n';
  expect(await outputFor(`${sleep}    return [1]`)).toBe('[1]');
  expect(await outputFor(`${sleep}    yield "a"\n    yield "b"`)).toBe('ab');
});

test.each([
  ['JSON', '{"a":1}', "{'a': 1}"],
  ['text that is not JSON', '{"a":', '\'{"a":\''],
  ['text that JSON does not know', 'NaN', "'NaN'"],
  ['nothing', '', 'None'],
])('gives %s as the event', async (_what, payload, expected) => {
  expect(await outputFor('def handler(event, context):\n    return repr(event)', payload)).toBe(expected);
});

test('the context says what the call is', async () => {
  const fn = await deploy(`def handler(event, c):
    c.logger.warning("careful %d", 1)
    return {"id": c.invocationId, "name": c.functionName, "function": c.functionId, "version": c.version,
            "attempt": c.attempt, "left": c.getRemainingTimeMs(), "alias": c.get_remaining_time_ms(), "http": c.http}`);
  const outcome = await fn.call({ invocationId: 'inv-7', budgetMs: 5000 });
  const answer = JSON.parse(outputOf(outcome).toString());
  expect(answer).toMatchObject({ id: 'inv-7', name: 'probe', function: 'probe_1700000000', version: 1, attempt: 1 });
  expect(answer.http).toBeNull();
  expect(answer.left).toBeLessThanOrEqual(5000);
  expect(answer.alias).toBeLessThanOrEqual(answer.left);
  expect(outcome.logs).toBe('WARNING careful 1\n');
});

test('an HTTP trigger shows the request and takes status, headers and body', async () => {
  const fn = await deploy(`def handler(event, context):
    http = context.http
    return {"statusCode": 201, "headers": {"X-Path": http.path + "?" + http.query}, "body": http.method + http.headers["accept"]}`);
  const { result } = await fn.call({ http: get });
  expect(result).toMatchObject({ ok: true, http: { status: 201, headers: [{ name: 'x-path', value: '/a?q=1' }] } });
  expect(result.ok && Buffer.from(result.output).toString()).toBe('GETx');
});

test('what is printed is the log of that call and of no other', async () => {
  const fn = await deploy('print("loading")\ndef handler(event, context):\n    print("call", event)');
  const logs = [(await fn.call({ payload: '1' })).logs, (await fn.call({ payload: '2' })).logs];
  expect(logs).toEqual(['loading\ncall 1\n', 'call 2\n']);
});

test('an exception has its name, message and a stack of the user alone, and the instance stays', async () => {
  const fn = await deploy(`n = 0
def inner():
    raise KeyError("gone")
def handler(event, context):
    global n
    n += 1
    if n == 1: inner()
    return n`);
  const error = failureOf(await fn.call());
  expect(error.message).toBe("The function threw KeyError: 'gone'");
  expect(error.fields.exit?.stack).toBe(`Traceback (most recent call last):
  File "fn.py", line 7, in handler
    if n == 1: inner()
               ^^^^^^^
  File "fn.py", line 3, in inner
    raise KeyError("gone")
KeyError: 'gone'
`);
  expect(outputOf(await fn.call()).toString()).toBe('2');
});

test.each(['return {1, 2}', 'return float("nan")', 'raise BaseException("x")', 'handler(event, context)'])(
  'survives a handler that does %s',
  async (body) => {
    const fn = await deploy(`def handler(event, context):\n    ${body}`);
    expect(failureOf(await fn.call()).fields.reason).toBe('function_failed');
  },
);

test('a crash fails only its own call and the instance is replaced', async () => {
  const fn = await deploy(`import os, signal, time
born = time.monotonic_ns()
def handler(event, context):
    if event == "die": os.kill(os.getpid(), signal.SIGSEGV)
    return born`);
  const born = outputOf(await fn.call()).toString();
  expect(failureOf(await fn.call({ payload: '"die"' })).fields.exit).toMatchObject({ signal: 'SIGSEGV' });
  expect(outputOf(await fn.call()).toString()).not.toBe(born);
});

test('a function that closes its channel is ended and fails alone', async () => {
  const fn = await deploy(`import os, time
def handler(event, context):
    if event == "close":
        os.closerange(3, 10)
        time.sleep(1000)
    return "fine"`);
  expect(failureOf(await fn.call({ payload: '"close"' })).fields.exit).toMatchObject({ signal: 'SIGKILL' });
  expect(outputOf(await fn.call()).toString()).toBe('fine');
});

test('does not import from where the worker runs, and handlers are not the main module', async () => {
  const fn = await deploy(
    'import sys\ndef handler(event, context):\n    return [__name__, "" in sys.path, "PYTHONPATH" in sys.path]',
  );
  expect(outputOf(await fn.call()).toString()).toBe('["function",false,false]');
});

test.each([
  ['def handler(event, context): pass', Form.FORM_HANDLER],
  ['async def handler(event, context): pass', Form.FORM_HANDLER],
  ['handler = lambda e, c: e', Form.FORM_HANDLER],
  ['def main():\n    def handler(): pass', Form.FORM_PROGRAM],
  ['print("def handler(event, context):")', Form.FORM_PROGRAM],
])('%j has the form %i', async (source, form) => {
  expect((await build(source)).form).toBe(form);
});

test.each([
  ['wrong syntax', 'a = 1\nb = = 2', 2, 5],
  ['wrong indentation', 'def f():\nreturn 1', 2, 1],
  ['what only the compiler sees', 'def f():\n    pass\nreturn 1', 3, 1],
  ['a NUL', 'a = 1\0', 0, 0],
  ['absurd nesting', `${'('.repeat(5000)}`, 1, 0],
  ['an encoding that nobody knows', '# coding: foo\nx = 1', 0, 0],
])('says where %s is', async (_what, source, line, column) => {
  const error = await rejectionOf(build(source));
  expect(error).toMatchObject({ code: 'invalid_argument', fields: { reason: 'compile_error' } });
  const [diagnostic] = error.fields.diagnostics ?? [];
  expect(diagnostic).toMatchObject({ file: 'fn.py', severity: 'error' });
  expect(diagnostic?.line).toBe(line);
  expect(diagnostic?.column).toBeGreaterThanOrEqual(column);
  expect(ErrorDetail.encode(toDetail(error)).finish().length).toBeGreaterThan(0);
});

test('says how to install what is missing', async () => {
  const bare = createPythonRuntime({ ...options, searchPath: '/nowhere' });
  expect(await bare.probe()).toMatchObject({
    runs: false,
    builds: false,
    reason: expect.stringContaining('apt-get install python3'),
  });
  const work = { source: Buffer.from('pass'), filename: 'fn.py', config: undefined };
  expect(await rejectionOf(bare.build(work, 1000))).toMatchObject({
    code: 'failed_precondition',
    fields: { reason: 'toolchain_absent' },
  });
  await bare.close();
});

test('the example works', async () => {
  const source = readFileSync(join(import.meta.dirname, '../../../../../examples/greet.py'), 'utf8');
  expect(await outputFor(source, '{"name":"Ada"}')).toBe('Hello, Ada!');
  expect(await outputFor(source)).toBe('Hello, world!');
});

test('200 calls in a row leave no further process', async () => {
  const fn = await deploy('def handler(event, context):\n    return event');
  outputOf(await fn.call());
  const before = descendantPids().size;
  for (let n = 0; n < 200; n++) expect(outputOf(await fn.call({ payload: `${n}` })).toString()).toBe(`${n}`);
  // One may be made ready meanwhile: in a sandbox that is two processes.
  expect(descendantPids().size).toBeLessThanOrEqual(before + 2);
});
