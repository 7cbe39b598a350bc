import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RoleProcess, startRelais } from './role-process.js';
import { type CommandResult, LiveCommand, runRelais } from './run-relais.js';
import { eventually } from './wait.js';

let folder: string;
let platform: RoleProcess;
let url: string;
const running: LiveCommand[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'relais-command-'));
  platform = await startRelais(['--port', '0', '--workers', '2', '--data', join(folder, 'data')]);
  url = /http:\/\/\S+/.exec(platform.ready)?.[0] ?? '';
  write('bad.c', 'int main(void) {\n  return oops;\n}\n');
  write('fails.js', 'export default () => { console.log("a log line"); throw new Error("no luck"); };\n');
  write('quiet.py', 'def handler(event, context):\n    raise ValueError("no luck in Python")\n');
  write('slow.js', 'export default () => new Promise((resolve) => setTimeout(resolve, 60_000));\n');
  write('greet.js', 'export default () => 1;\n');
  write('taken.js', 'export default () => 1;\n');
  write('odd/relais.toml', 'naem = "x"\n');
  write('empty.py', '');
  write('odd/a.py', 'print(1)\n');
  for (const file of ['fails.js', 'quiet.py', 'taken.js']) expect((await relais('deploy', file)).code).toBe(0);
  expect((await relais('deploy', 'slow.js', '--timeout-ms', '300')).code).toBe(0);
}, 120_000);

afterAll(async () => {
  // What a failed test left running.
  await Promise.all(running.map((command) => command.stop()));
  platform.signal('SIGTERM');
  await platform.exited;
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

function write(path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function relais(...args: string[]): Promise<CommandResult> {
  return runRelais(args, { cwd: folder, env: { RELAIS_URL: url } });
}

function live(...args: string[]): LiveCommand {
  const command = new LiveCommand([...args, '--json'], { cwd: folder, env: { RELAIS_URL: url } });
  running.push(command);
  return command;
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { stderr, stdout } = await relais(...args, '--json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

const ownStack = /\n\s+at .*(dist\/|node:internal|node_modules)/;

describe('used wrongly, it says what is wrong and what to do, and shows no stack of its own', () => {
  test.each<[what: string, args: string[], code: number, said: RegExp[]]>([
    ['a missing file', ['deploy', 'absent.c'], 2, [/no_such_file/, /absent\.c/]],
    ['an unknown command', ['fly'], 2, [/[Uu]nknown command 'fly'/, /next: "relais --help"/]],
    ['a command without its own', ['key'], 2, [/Say which: key create, ls, revoke/, /next: "relais key --help"/]],
    ['a typo in a command', ['deploi', 'greet.js'], 2, [/Did you mean deploy/]],
    ['a typo in an option', ['deploy', 'greet.js', '--nmae', 'x'], 2, [/Did you mean --name/]],
    ['a missing argument', ['invoke'], 2, [/REF/, /next: "relais invoke --help"/]],
    ['a missing argument of a command below', ['workers', 'drain'], 2, [/ID/, /next: "relais workers drain --help"/]],
    ['a value that is no number', ['deploy', 'greet.js', '--memory-mb', 'much'], 2, [/--memory-mb/]],
    ['a variable without value', ['deploy', 'greet.js', '--env', 'x'], 2, [/KEY=VALUE/]],
    ['a setting that is none', ['deploy', 'odd'], 2, [/bad_settings/, /naem/]],
    ['a typo in a flag of the platform', ['up', '--prot', '1'], 2, [/bad_config/, /did you mean --port/]],
    ['a URL that is none', ['ls', '--url', 'nonsense'], 2, [/nonsense/]],
    ['a bad name', ['deploy', 'greet.js', '--name', '../x'], 7, [/bad_name/, /--name/]],
    [
      'a bound that is exceeded',
      ['deploy', 'greet.js', '--memory-mb', '5'],
      7,
      [/bad_config/, /next: "relais deploy --help"/],
    ],
    ['a language there is not', ['deploy', 'greet.js', '--lang', 'cobol'], 7, [/unknown_language/]],
    ['a name that is taken', ['deploy', 'taken.js'], 6, [/name_taken/, /next: .*--update/]],
    ['a function there is not', ['invoke', 'nobody'], 5, [/nobody/, /relais ls/]],
    ['a file for a payload there is not', ['invoke', 'fails', '@absent'], 2, [/absent/]],
    ['a payload of no file', ['invoke', 'fails', '@'], 2, [/name of a file/]],
    ['a payload of a directory', ['invoke', 'fails', '@odd'], 2, [/"odd" is a directory/, /that you may read/]],
    ['an empty source', ['deploy', 'empty.py'], 7, [/nothing to build/, /relais init/]],
    ['a file to watch there is not', ['dev', 'absent.js'], 2, [/no_such_file/]],
    ['a worker there is not', ['workers', 'drain', 'nobody'], 5, [/nobody/, /next: "relais workers"/]],
    ['a strategy there is not', ['scale', '--strategy', 'best'], 7, [/fifo/]],
    ['source that does not compile', ['deploy', 'bad.c'], 7, [/bad\.c:2:10: error/, /2 \| {3}return oops;\n.*\^/]],
    ['a function that throws', ['invoke', 'fails'], 8, [/no luck/, /fails\.js:1/, /function_failed/]],
    ['one in Python', ['invoke', 'quiet'], 8, [/no luck in Python/, /line 2/]],
    ['a number of lines that is none', ['logs', '--tail', 'many'], 2, [/wrong_use/, /--tail takes a whole number/]],
    ['logs of a function there is not', ['logs', 'nobody', '-f'], 5, [/nobody/, /relais ls/]],
    ['logs of one version', ['logs', 'fails@1', '-f'], 2, [/all versions: give "fails"/]],
    ['a level there is not', ['logs', '-f', '--level', 'loud'], 2, [/debug, info, warn, error/]],
    ['a stream that may be repeated', ['invoke', 'fails', '--stream', '--idempotent'], 2, [/never begun again/]],
    ['a stream of a function that throws', ['invoke', 'fails', '--stream'], 8, [/no luck/, /function_failed/]],
    ['an explanation about nobody', ['scale', 'explain', 'nobody'], 5, [/nobody/, /relais ls/]],
    ['a trace there is not', ['trace', '0'.repeat(32)], 5, [/unknown_trace/, /look soon/]],
    [
      'a data directory that is in use',
      ['up', '--port', '0', '--data', 'data'],
      7,
      [/storage_locked/, /next: .*--data/],
    ],
    ['a function that is late', ['invoke', 'slow'], 9, [/deadline_exceeded/, /where the time went: queued/]],
  ])('%s', async (_what, args, code, said) => {
    const result = await relais(...args);
    for (const text of [...said, /\n {2}next: \S/]) expect(result.stderr).toMatch(text);
    expect(result).toMatchObject({ code, stdout: '', stderr: expect.not.stringMatching(ownStack) });
  });

  test('a platform that does not run', async () => {
    const nobody = createServer();
    await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
    const { port } = nobody.address() as AddressInfo;
    await new Promise((resolve) => nobody.close(resolve));
    const result = await relais('ls', '--url', `http://127.0.0.1:${port}`);
    expect(result).toMatchObject({ code: 3, stdout: '', stderr: expect.not.stringMatching(ownStack) });
    expect(result.stderr).toMatch(/unavailable \(unreachable\)[\s\S]*next: start it with "npm start"/);
  });

  test('as JSON it is the one shape of errors', async () => {
    const { code, stderr } = await relais('invoke', 'nobody', '--json');
    expect(code).toBe(5);
    expect(JSON.parse(stderr)).toMatchObject({ ok: false, error: { code: 'not_found', fault: 'caller' } });
  });
});

test('from nothing to an answer, and away again', async () => {
  const made = await json('init', 'js', 'first');
  expect(made).toMatchObject({ ok: true, name: 'first' });
  expect((await relais('init', 'js', 'first')).code).toBe(6);
  expect(await json('deploy', 'first')).toMatchObject({ ok: true, name: 'first', version: 1, lang: 'js' });
  expect(await json('deploy', 'first', '--update', '--env', 'A=1', '--memory-mb', '64')).toMatchObject({ version: 2 });
  expect(await json('get', 'first')).toMatchObject({ version: 2, config: { memoryMb: 64, env: { A: '1' } } });
  const called = await relais('invoke', 'first@1', '{"name":"Ada"}', '--timing');
  expect(called).toMatchObject({ code: 0, stdout: 'Hello from JavaScript! You sent: {"name":"Ada"}\n' });
  expect(called.stderr).toMatch(/^invocation \w+\n.*: queued .*, cold start .*, running .*\n$/);
  expect((await relais('ls')).stdout).toMatch(/^first +js +2 /m);
  expect((await relais('ls', '--names')).stdout).toContain('first\n');
  expect((await relais('get', 'first', '--source')).stdout).toContain('export function handler');
  expect(await json('rm', 'first')).toEqual({ ok: true, removed: [{ name: 'first', versionsDeleted: 2 }] });
  expect((await relais('get', 'first')).code).toBe(5);
});

test('a call can be looked at hop by hop', async () => {
  const { invocationId } = (await json('invoke', 'taken')) as { invocationId: string };
  const trace = await json('trace', invocationId);
  expect(trace).toMatchObject({
    ok: true,
    spans: expect.arrayContaining([expect.objectContaining({ scope: 'worker' })]),
  });
});

test('bytes go through as they are', async () => {
  write('same.js', 'export default (event) => event;\n');
  expect((await relais('deploy', 'same.js')).code).toBe(0);
  const bytes = Uint8Array.from([0xff, 0, 1, 0xfe]);
  const setting = { cwd: folder, env: { RELAIS_URL: url }, stdin: bytes };
  const answer = JSON.parse((await runRelais(['invoke', 'same', '@-', '--json'], setting)).stdout);
  expect([answer.encoding, answer.output]).toEqual(['base64', Buffer.from(bytes).toString('base64')]);
});

test('a directory of several files runs', async () => {
  write('several/main.py', 'from lib import word\n\ndef handler(event, context):\n    return word\n');
  write('several/lib.py', 'word = "several"\n');
  expect(await json('deploy', 'several')).toMatchObject({ made: 'archive of 2 files' });
  expect((await relais('invoke', 'several')).stdout).toBe('several');
});

// Five builds, which go after everything else where processors are short.
test('dev deploys and calls again on every save, waits out mistakes, and ends on Ctrl-C', async () => {
  write('live.js', 'export default () => "one";\n');
  const dev = live('dev', 'live.js');
  expect(await dev.next()).toMatchObject({ ok: true, output: 'one' });
  write('live.js', 'export default () => { console.log("seen"); return "two"; };\n');
  expect(await dev.next()).toMatchObject({ ok: true, output: 'two', logs: 'seen\n' });
  write('live.js', 'export default () => { return "three;\n');
  expect(await dev.next()).toMatchObject({ ok: false, error: { reason: 'compile_error' } });
  write('live.js', 'export default () => { throw new Error("four"); };\n');
  expect(await dev.next()).toMatchObject({ ok: false, error: { reason: 'function_failed' } });
  write('live.js', 'export default () => "five";\n');
  expect(await dev.next()).toMatchObject({ ok: true, output: 'five' });
  expect(await dev.stop()).toBe(0);
}, 60_000);

test('logs are followed, as JSON that moves no terminal, until Ctrl-C', async () => {
  write(
    'loud.js',
    `export default () => { console.log('\\x1b[31mred\\x9b0m'); console.log('ERROR bad'); return 1; };\n`,
  );
  expect((await relais('deploy', 'loud.js')).code).toBe(0);
  const all = live('logs', 'loud', '-f');
  const severe = live('logs', '-f', '--level', 'error', '--invocation', 'nobody');
  expect(await all.next()).toEqual({ ok: true, following: true });
  expect(await severe.next()).toEqual({ ok: true, following: true });
  const { invocationId } = await json('invoke', 'loud');
  const common = { ok: true, function: 'loud', version: 1, invocationId };
  expect(await all.next()).toMatchObject({ ...common, level: 'info', text: '\u001b[31mred\u009b0m', platform: false });
  expect(await all.next()).toMatchObject({ ...common, level: 'error', text: 'ERROR bad' });
  expect(await all.next()).toMatchObject({ ...common, platform: true });
  expect(await all.stop()).toBe(0);
  expect(await severe.stop()).toBe(0);

  const { stdout: kept } = await relais('logs', 'loud');
  expect(kept.split('\n')).toEqual([
    expect.stringContaining('loud@1 info  \ufffd[31mred\ufffd0m'),
    expect.stringContaining('loud@1 error ERROR bad'),
    expect.stringContaining(`(invocation ${invocationId})`),
    '',
  ]);
  expect((await relais('logs', 'loud', '--tail', '1')).stdout).toMatch(/^[^\n]*ended after[^\n]*\n$/);
  const again = live('logs', 'loud', '-f', '--level', 'error');
  expect(await again.next()).toEqual({ ok: true, following: true });
  expect(await again.next()).toMatchObject({ ...common, text: 'ERROR bad' });
  expect(await again.stop()).toBe(0);
  expect(await relais('logs', 'taken')).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringMatching(/-f follows/),
  });
});

test('a bench of a function there is not fails', async () => {
  const { code, stdout } = await relais('bench', 'nobody', '2', '5');
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(/10 x not_found[\s\S]*FAIL {2}no call of nobody went well/),
  ]);
});

test('a stream is written as it comes, and Ctrl-C stops the function', async () => {
  write(
    'parts.js',
    'export default function* (count) { for (let at = 1; at <= count; at++) yield "part " + at + "\\n"; }\n',
  );
  expect((await relais('deploy', 'parts.js')).code).toBe(0);
  expect(await relais('invoke', 'parts', '3', '--stream')).toMatchObject({
    code: 0,
    stdout: 'part 1\npart 2\npart 3\n',
  });
  const endless = live('invoke', 'parts', '1e9', '--stream');
  expect(await endless.next()).toEqual({ ok: true, output: expect.stringMatching(/^part 1\n/) });
  expect(await endless.stop()).toBe(130);
  await eventually('its slot is free', async () => (await json('scale')).jobsRunning === 0);
});

test('a reader that goes away ends the command without a word', async () => {
  const endless = live('invoke', 'parts', '1e9', '--stream');
  await endless.next();
  expect(await endless.unread()).toEqual({ code: 141, stderr: '' });
  await eventually('its slot is free', async () => (await json('scale')).jobsRunning === 0);
});

test('top shows the fleet again and again', async () => {
  const top = live('top', '--interval-ms', '20');
  expect(await top.next()).toMatchObject({ ok: true, status: { workersReady: 2 } });
  expect(await top.next()).toMatchObject({ workers: [{ state: 'ready' }, { state: 'ready' }] });
  expect(await top.stop()).toBe(0);
});

test('the strategy can be changed and the fleet seen', async () => {
  expect(await json('scale', '--strategy', 'rr')).toMatchObject({ strategy: 'rr', workersReady: 2 });
  expect((await relais('workers')).stdout).toMatch(/^WORKER .*\n\S+ .* ready /);
});

test('the autoscaler says why', async () => {
  const { decisions } = (await json('scale', 'explain')) as { decisions: { kind: string; reason: string }[] };
  expect(decisions).toContainEqual(expect.objectContaining({ kind: 'workers', policy: expect.anything() }));
  const { stdout } = await relais('scale', 'explain', '--limit', '1');
  expect(stdout).toMatch(/^AT +WHAT +NAME .*\n\S+ +(workers|function) [^\n]*\n$/);
});

test('the self-test tries what is asked for and leaves nothing behind', async () => {
  const before = (await relais('ls', '--names')).stdout;
  const result = await json('selftest', '--lang', 'js', '--lang', 'html');
  expect(result).toMatchObject({ ok: true, trials: [{ lang: 'js', result: 'passed' }, { lang: 'html' }] });
  expect((await relais('ls', '--names')).stdout).toBe(before);
});

test('the doctor knows the platform and its languages', async () => {
  const findings = (await json('doctor')).findings as { what: string; state: string; fix?: string }[];
  const states = Object.fromEntries(findings.map(({ what, state }) => [what, state]));
  expect(states).toMatchObject({ node: 'good', platform: 'good', c: 'good', js: 'good' });
  for (const { fix, state } of findings) expect(fix === undefined).toBe(state === 'good');
});
