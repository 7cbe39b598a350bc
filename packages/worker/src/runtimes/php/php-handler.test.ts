import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Form } from '@relais/contracts';
import { systemClock } from '@relais/kit';
import { launcherForTests, testSearchPath } from '../../processes/testing/launcher.js';
import { deployForTest, descendantPids, failureOf, outputOf, rejectionOf } from '../conformance/support.js';
import { defaultRuntimeLimits } from '../limits.js';
import { createPhpRuntime } from './php-runtime.js';
import { withPhp } from './testing/with-php.js';

const get = { method: 'GET', path: '/a', query: 'q=1', headers: [{ name: 'accept', value: 'x' }] };

const { launcher } = launcherForTests();

test('says how to install what is missing', async () => {
  const bare = createPhpRuntime({ limits: defaultRuntimeLimits, clock: systemClock, launcher, searchPath: '/nowhere' });
  expect(await bare.probe()).toMatchObject({
    runs: false,
    builds: false,
    reason: expect.stringContaining('apt-get install php-cli'),
  });
  const work = { source: Buffer.from('hi'), filename: 'fn.php', config: undefined };
  expect(await rejectionOf(bare.build(work, 1000))).toMatchObject({
    code: 'failed_precondition',
    fields: { reason: 'toolchain_absent' },
  });
  await bare.close();
});

withPhp('handlers in PHP', () => {
  const limits = { ...defaultRuntimeLimits, processesMax: 3, outputBytesMax: 100_000 };
  const runtime = createPhpRuntime({ limits, clock: systemClock, launcher, searchPath: testSearchPath() });
  afterAll(() => runtime.close());

  const deploy = (source: string, config = {}) => deployForTest(runtime, 'fn.php', `<?php\n${source}`, config);
  const build = (source: string | Uint8Array) =>
    runtime.build({ source: Buffer.from(source), filename: 'fn.php', config: undefined }, 20_000);

  async function outputFor(source: string, payload = ''): Promise<string> {
    const fn = await deploy(source);
    const output = outputOf(await fn.call({ payload })).toString();
    await fn.loaded.close();
    return output;
  }

  test.each([
    ['a string as is', 'return "text";', 'text'],
    ['bytes as they are', 'return "\\x41\\x42";', 'AB'],
    ['an array as compact JSON', 'return ["ä" => [1, null, true, 1.0, "a/b"]];', '{"ä":[1,null,true,1.0,"a/b"]}'],
    ['an object as JSON', 'return new class { public $a = 1; private $b = 2; };', '{"a":1}'],
    ['null', 'return null;', ''],
    ['a number', 'return 7;', '7'],
    ['what a generator yields, joined', 'yield "a"; yield ["b" => 1];', 'a{"b":1}'],
  ])('answers %s', async (_what, body, expected) => {
    expect(await outputFor(`function handler($event, $context) { ${body} }`)).toBe(expected);
  });

  test.each([
    ['JSON', '{"a":{"b":[]}}', 'array {"a":{"b":[]}}'],
    ['text that is not JSON', '{"a":', 'string "{\\"a\\":"'],
    ['nothing', '', 'NULL null'],
  ])('gives %s as the event', async (_what, payload, expected) => {
    const source = 'function handler($event) { return gettype($event) . " " . json_encode($event); }';
    expect(await outputFor(source, payload)).toBe(expected);
  });

  test('an exception within a span shows the lines around it, and none of ours', async () => {
    const source = `function inner() { throw new RuntimeException("no"); }
function handler($event, $context) { return $context->span("s", fn () => inner()); }`;
    const stack = failureOf(await (await deploy(source)).call()).fields.exit?.stack ?? '';
    expect(stack).toMatch(/^RuntimeException: no in fn\.php:2\nStack trace:\n#0 fn\.php\(3\): inner\(\)\n/);
    expect(stack).toMatch(/#\d fn\.php\(3\): Relais\\Context->span\(\)/);
    expect(stack).not.toMatch(/spans|guest|context\.php/);
  });

  test('passes bytes that are not text', async () => {
    const fn = await deploy('function handler($event) { return $event; }');
    const payload = Buffer.from([0xff, 0, 0xfe]);
    expect(outputOf(await fn.call({ payload }))).toEqual(payload);
  });

  test('the context says what the call is', async () => {
    const fn = await deploy(`function handler($event, $c) {
      $c->logger->warning('careful');
      return ['context' => $c, 'left' => $c->getRemainingTimeMs(), 'wall' => $c->deadlineMs - microtime(true) * 1000];
    }`);
    const outcome = await fn.call({ invocationId: 'inv-7', budgetMs: 5000 });
    const answer = JSON.parse(outputOf(outcome).toString());
    expect(answer.context).toEqual({
      invocationId: 'inv-7',
      functionName: 'probe',
      functionId: 'probe_1700000000',
      version: 1,
      attempt: 1,
      deadlineMs: expect.any(Number),
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: null,
      http: null,
      logger: {},
    });
    expect(answer.left).toBeGreaterThan(1000);
    expect(answer.left).toBeLessThanOrEqual(5000);
    expect(answer.wall).toBeLessThanOrEqual(5001);
    expect(outcome.logs).toBe('WARNING careful\n');
  });

  test('an HTTP trigger shows the request and takes status, headers and body', async () => {
    const fn = await deploy(`function handler($event, $context) {
      $http = $context->http;
      return ['statusCode' => 418, 'isBase64Encoded' => true, 'body' => base64_encode($http->method . $http->headers['accept']),
        'headers' => ['X-Path' => "$http->path?$http->query", 'set-cookie' => ['a=1', 'b=2']]]; }`);
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
    expect(outputOf(await fn.call({ http: { ...get, headers: get.headers } })).toString()).toBe('GETx');
    const plain = outputOf(await (await deploy('function handler() { return ["statusCode" => 200]; }')).call());
    expect(plain.toString()).toBe('{"statusCode":200}');
  });

  test('what is printed is the log of that call and of no other', async () => {
    const fn = await deploy('echo "loading\\n"; function handler($n) { ob_start(); echo "call $n\\n"; return $n; }');
    const logs = [(await fn.call({ payload: '1' })).logs, (await fn.call({ payload: '2' })).logs];
    expect(logs).toEqual(['loading\ncall 1\n', 'call 2\n']);
  });

  test('an exception has its name, message, cause and a trace of the user alone, and the instance stays', async () => {
    const fn = await deploy(`$n = 0;
class Refused extends RangeException {}
function inner() { throw new Refused('no such thing', 0, new LogicException('because')); }
function handler() { global $n; if ($n++ === 0) inner(); return $n; }`);
    const error = failureOf(await fn.call());
    expect(error.message).toBe('The function threw Refused: no such thing');
    expect(error.fields.exit?.stack).toBe(`LogicException: because in fn.php:4
Stack trace:
#0 fn.php(5): inner()
#1 {main}

Next Refused: no such thing in fn.php:4
Stack trace:
#0 fn.php(5): inner()
#1 {main}`);
    expect(outputOf(await fn.call()).toString()).toBe('2');
  });

  test('a program that throws shows its own trace', async () => {
    const fn = await deploy('function inner() { throw new DomainException("boom"); }\ninner();');
    const { exit } = failureOf(await fn.call()).fields;
    expect(exit?.exitCode).toBe(255);
    expect(exit?.stderrTail).toBe(
      'PHP Fatal error:  Uncaught DomainException: boom in fn.php:2\nStack trace:\n#0 fn.php(3): inner()\n#1 {main}\n',
    );
  });

  test.each(['return NAN;', 'return ["\\xff"];', 'throw new Error("\\xff");', 'undefined();'])(
    'survives a handler that does %s',
    async (body) => {
      const fn = await deploy(`$n = 0; function handler() { global $n; if (++$n === 2) return "two"; ${body} }`);
      expect(failureOf(await fn.call()).fields.reason).toBe('function_failed');
      expect(outputOf(await fn.call()).toString()).toBe('two');
    },
  );

  test('a warning is a log line and no failure', async () => {
    const fn = await deploy('function handler() { return "a" . $nothing; }');
    const outcome = await fn.call();
    expect(outputOf(outcome).toString()).toBe('a');
    expect(outcome.logs).toContain('Warning: Undefined variable $nothing in ');
  });

  test('a fatal error ends the call with what PHP says of it', async () => {
    const fn = await deploy('function handler() { eval("class A {} class A {}"); }');
    const error = failureOf(await fn.call());
    expect(error.fields).toMatchObject({ reason: 'function_failed', exit: { exitCode: 255 } });
    expect(error.fields.exit?.stderrTail).toMatch(/^\s*Fatal error: Cannot declare class A.* in fn\.php\(2\) /);
  });

  test('a body that is not base64 fails the call', async () => {
    const fn = await deploy(
      'function handler($body) { return ["statusCode" => 200, "body" => $body, "isBase64Encoded" => true]; }',
    );
    const error = failureOf(await fn.call({ payload: '"!!!"', http: get }));
    expect(error.fields.reason).toBe('function_failed');
    expect(error.message).toContain('is not base64');
    expect(outputOf(await fn.call({ payload: '"YWJj"', http: get })).toString()).toBe('abc');
  });

  test('too much memory is named as that', async () => {
    const fn = await deploy('function handler() { $all = []; for (;;) $all[] = str_repeat("x", 1000); }', {
      memoryMb: 16,
    });
    const error = failureOf(await fn.call());
    expect(error.fields).toMatchObject({ reason: 'memory_limit', limit: { name: 'memoryMb', limit: 16, used: 16 } });
  });

  test('a function that cannot be loaded fails its calls with the reason', async () => {
    const fn = await deploy('require "missing.php"; function handler() {}');
    expect(failureOf(await fn.call()).fields.exit?.stderrTail).toContain('missing.php');
    const thrown = await deploy('throw new Exception("not today"); function handler() {}');
    expect(failureOf(await thrown.call()).message).toBe('The function threw Exception: not today');
  });

  test('a crash fails only its own call and the instance is replaced', async () => {
    const fn = await deploy(`function handler($event) {
      if ($event === 'die') posix_kill(getmypid(), 11);
      return constant('BORN'); }
      define('BORN', (string) hrtime(true));`);
    const pid = outputOf(await fn.call()).toString();
    expect(failureOf(await fn.call({ payload: '"die"' })).fields.exit).toMatchObject({ signal: 'SIGSEGV' });
    expect(outputOf(await fn.call()).toString()).not.toBe(pid);
  });

  test('output over the limit leaves the instance warm', async () => {
    const fn = await deploy('$n = 0; function handler() { global $n; return $n++ ? $n : str_repeat("x", 100_001); }');
    expect(failureOf(await fn.call()).fields).toMatchObject({ reason: 'output_limit', limit: { used: 100_001 } });
    expect(outputOf(await fn.call()).toString()).toBe('2');
  });

  test('a program is a file of its own in an empty directory and sees what PHP scripts see', async () => {
    const fn = await deploy(`echo json_encode([basename(__FILE__), is_readable(__FILE__), glob('*'), $argc, $argv,
      $_SERVER['argv'], array_diff(array_keys($GLOBALS), ['_GET', '_POST', '_COOKIE', '_FILES', '_SERVER', '_ENV',
      '_REQUEST', 'argv', 'argc'])]);`);
    expect(JSON.parse(outputOf(await fn.call()).toString())).toEqual([
      'fn.php',
      true,
      [],
      1,
      ['fn.php'],
      ['fn.php'],
      [],
    ]);
  });

  test.each([
    ['<?php function handler($event, $context) {}', Form.FORM_HANDLER],
    ['<?php namespace A { function &Handler() {} }', Form.FORM_HANDLER],
    ['<?php namespace A; use B\\C; function /* me */ handler () { return "{$a[1]}"; }', Form.FORM_HANDLER],
    ['<?php function main() { function handler() {} }', Form.FORM_PROGRAM],
    ['<?php class A { function handler() {} }', Form.FORM_PROGRAM],
    ['<?php namespace A { class B {} } namespace C { class D { function handler() {} } }', Form.FORM_PROGRAM],
    ['<?php $f = "{$a}"; class A { function f() { "$" . "{$b->c}"; } function handler() {} }', Form.FORM_PROGRAM],
    ['<?php echo "function handler()"; // function handler() {}', Form.FORM_PROGRAM],
    ['<h1><?= 1 ?></h1>', Form.FORM_PROGRAM],
    ['<?php function handlers() {}', Form.FORM_PROGRAM],
  ])('%j has the form %i', async (source, form) => {
    expect((await build(source)).form).toBe(form);
  });

  test.each([
    ['wrong syntax', '<?php\n$b = = 2;', 2, 'Parse error: syntax error, unexpected token "="'],
    ['what only the compiler sees', '<?php\n\nbreak;', 3, "Fatal error: 'break' not in the 'loop' or 'switch' context"],
    ['what is no PHP', 'function handler() {}', 1, 'The source has no "<?php" tag.'],
    ['two of a name', '<?php\nfunction a() {}\nfunction a() {}', 3, 'previously declared in fn.php:2'],
  ])('says where %s is', async (_what, source, line, message) => {
    const error = await rejectionOf(build(source));
    expect(error).toMatchObject({ code: 'invalid_argument', fields: { reason: 'compile_error' } });
    expect(error.fields.diagnostics).toEqual([
      { file: 'fn.php', line, column: 0, severity: 'error', message: expect.stringContaining(message) },
    ]);
  });

  test('works on unicode with json and preg', async () => {
    const source = readFileSync(join(import.meta.dirname, '../../../../../examples/words.php'), 'utf8');
    const fn = await deployForTest(runtime, 'words.php', source);
    const outcome = await fn.call({ payload: JSON.stringify({ text: '東京 – 東京! naïve café, it’s 42' }) });
    expect(JSON.parse(outputOf(outcome).toString())).toEqual({
      words: 6,
      frequent: { 東京: 2, naïve: 1, café: 1, 'it’s': 1, 42: 1 },
      slug: '東京-東京-naïve-café-it’s-42',
    });
    expect(outcome.logs).toBe('INFO 6 words\n');
    const web = await fn.call({ http: { ...get, query: `text=${encodeURIComponent('Grüße 🎉')}` } });
    expect(JSON.parse(outputOf(web).toString())).toMatchObject({ words: 1 });
    expect((await fn.call({ http: { ...get, query: '' } })).result).toMatchObject({ http: { status: 400 } });
  });

  test('the example works', async () => {
    const source = readFileSync(join(import.meta.dirname, '../../../../../examples/hello.php'), 'utf8');
    const fn = await deployForTest(runtime, 'hello.php', source);
    expect(outputOf(await fn.call()).toString()).toMatch(/^Hello from PHP \d!\n$/);
  });

  test('200 calls in a row leave no further process', async () => {
    const fn = await deploy('function handler($event) { return $event; }');
    outputOf(await fn.call());
    const before = descendantPids().size;
    for (let n = 0; n < 200; n++) expect(outputOf(await fn.call({ payload: `${n}` })).toString()).toBe(`${n}`);
    // One may be made ready meanwhile: in a sandbox that is two processes.
    expect(descendantPids().size).toBeLessThanOrEqual(before + 2);
  });
});
