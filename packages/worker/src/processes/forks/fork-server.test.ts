import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Isolation } from '@relais/contracts';
import { ManualClock, systemClock } from '@relais/kit';
import {
  deployForTest,
  descendantPids,
  failureOf,
  outputOf,
  type TestFunction,
  until,
} from '../../runtimes/conformance/support.js';
import { defaultRuntimeLimits } from '../../runtimes/limits.js';
import { createPhpRuntime } from '../../runtimes/php/php-runtime.js';
import { withPhp } from '../../runtimes/php/testing/with-php.js';
import { createPythonRuntime } from '../../runtimes/python/python-runtime.js';
import type { Runtime } from '../../runtimes/runtime.js';
import { noSandbox } from '../../sandbox/none.js';
import type { ProcessLauncher } from '../process-launcher.js';
import { launcherForTests, testSearchPath } from '../testing/launcher.js';
import { childrenOf, commandOf, descriptors, serverPid, serverPids, sleepers } from '../testing/process-table.js';

interface Language {
  readonly create: typeof createPythonRuntime;
  /** Where that is, from here. */
  readonly module: string;
  readonly file: string;
  readonly sources: {
    /** A program that answers with JSON: what its process is. */
    readonly facts: string;
    /** A program that answers with something random. */
    readonly random: string;
    /** A handler that answers with its pid, or starts "sleep EVENT" and never answers. */
    readonly pid: string;
    /** A program that kills itself. */
    readonly suicide: string;
  };
}

const facts = ['SigBlk', 'SigIgn', 'SigCgt', 'Seccomp', 'NoNewPrivs'];

const python: Language = {
  create: createPythonRuntime,
  module: '../../runtimes/python/python-runtime.js',
  file: 'fn.py',
  sources: {
    facts: `import json, os, sys
status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
home = os.getcwd()
print(json.dumps({
  "status": [status[key] for key in ${JSON.stringify(facts)}],
  "fds": sorted(os.listdir("/proc/self/fd")),
  "env": sorted(os.environ), "home": os.environ["HOME"] == home == os.environ["TMPDIR"], "files": os.listdir("."),
  "leads": [os.getpgid(0) == os.getpid(), os.getsid(0) == os.getpid()], "argv": sys.argv,
  "stdin": sys.stdin.read(), "stdin is a file": os.path.isfile("/dev/stdin")}))`,
    random: `import random, uuid, os, tempfile
print(random.random(), random.getrandbits(64), uuid.uuid4(), os.urandom(8).hex(), os.path.basename(tempfile.mktemp()))`,
    pid: `import os, subprocess, time
def handler(event, context):
    if event is None: return os.getpid()
    subprocess.Popen(["sleep", str(event)])
    while True: pass`,
    suicide: 'import os\nos.kill(os.getpid(), 11)',
  },
};

const php: Language = {
  create: createPhpRuntime,
  module: '../../runtimes/php/php-runtime.js',
  file: 'fn.php',
  sources: {
    facts: `<?php
preg_match_all('/^(\\w+):\\t(.*)$/m', file_get_contents('/proc/self/status'), $m);
$status = array_combine($m[1], $m[2]);
$env = array_keys(getenv()); sort($env);
$server = array_keys($_SERVER); sort($server);
echo json_encode([
  'status' => array_map(fn ($key) => $status[$key], ${JSON.stringify(facts)}),
  'fds' => scandir('/proc/self/fd'), 'env' => $env, 'home' => getenv('HOME') === getcwd() && getenv('TMPDIR') === getcwd(),
  'server' => $server, 'files' => glob('*'),
  'leads' => [posix_getpgid(0) === getmypid(), posix_getsid(0) === getmypid()], 'argv' => $argv,
  'memory' => ini_get('memory_limit'), 'error' => error_get_last(),
  'stdin' => stream_get_contents(STDIN), 'stdin is a file' => is_file('/dev/stdin')]);`,
    random:
      '<?php echo mt_rand(), " ", rand(), " ", lcg_value(), " ", uniqid("", true), " ", bin2hex(random_bytes(8));',
    pid: `<?php
function handler($event) {
  if ($event === null) return getmypid();
  proc_open(['sleep', (string) $event], [], $pipes);
  for (;;);
}`,
    suicide: '<?php posix_kill(getmypid(), 11);',
  },
};

function forkServerTests({ create, module, file, sources }: Language): void {
  const { launcher, directory } = launcherForTests(systemClock, noSandbox);
  // Only what a call needs is forked.
  const limits = { ...defaultRuntimeLimits, processesMax: 4, sparesMax: 0 };
  const options = { limits, clock: systemClock, launcher, searchPath: testSearchPath() };
  const fresh = { isolation: Isolation.ISOLATION_FRESH };
  const runtimes: Runtime[] = [];
  let runtime: Runtime;
  beforeEach(() => {
    runtime = create(options);
    runtimes.push(runtime);
  });
  afterEach(async () => {
    for (const made of runtimes.splice(0)) await made.close();
    expect(descendantPids().size).toBe(0);
    expect(readdirSync(directory)).toEqual([]);
  });

  const deploy = (source: string, config = {}) => deployForTest(runtime, file, source, config);
  const answerOf = async (fn: TestFunction, payload = '') => outputOf(await fn.call({ payload })).toString();

  test('a forked process is what a started one is', async () => {
    const forked = await deploy(sources.facts);
    const parents = new Set<number>();
    const answer = await answerOf(forked, 'input');
    parents.add(serverPid());
    // Without a fork server processes are started.
    runtime = create({ ...options, launcher: refusing(launcher, 'fork_server') });
    runtimes.push(runtime);
    const started = await answerOf(await deploy(sources.facts), 'input');
    expect(JSON.parse(answer)).toEqual(JSON.parse(started));
    expect(JSON.parse(answer)).toMatchObject({ home: true, files: [], leads: [true, true], stdin: 'input' });
    expect(serverPids()).toEqual([...parents]);
  });

  test('no two forks have the same randomness', async () => {
    const fn = await deploy(sources.random);
    const parts = (await Promise.all(Array.from({ length: 8 }, () => answerOf(fn)))).flatMap((text) => text.split(' '));
    expect(serverPids().length).toBe(1);
    expect(new Set(parts).size).toBe(parts.length);
  });

  test('a cold start has a fork that was made ahead of it', async () => {
    runtime = create({ ...options, limits: { ...limits, sparesMax: 1 } });
    runtimes.push(runtime);
    const fn = await deploy(sources.pid, fresh);
    const first = Number(await answerOf(fn));
    const waiting = () => childrenOf(serverPid()).filter((pid) => pid !== first);
    await until('the next one waits', () => waiting().length === 1 && !descendantPids().has(first));
    const [spare] = waiting();
    expect(Number(await answerOf(fn))).toBe(spare);
  });

  test('says by which signal a fork ended', async () => {
    const fn = await deploy(sources.suicide);
    expect(failureOf(await fn.call()).fields.exit).toMatchObject({ exitCode: 0, signal: 'SIGSEGV' });
  });

  test('when the server dies, what it forked dies with it, calls are lost and the next call has a new server', async () => {
    const fn = await deploy(sources.pid);
    const pid = Number(await answerOf(fn));
    const server = serverPid();
    const pending = fn.call({ payload: '4243' });
    await until('the function has started a child', () => sleepers('4243').length === 1);
    process.kill(server, 'SIGKILL');
    const error = failureOf(await pending);
    const fields = { reason: 'process_lost', retryable: false };
    expect(error).toMatchObject({ code: 'unavailable', fault: 'platform', fields });
    await until('the child is gone', () => sleepers('4243').length === 0 && !descendantPids().has(pid));
    expect(Number(await answerOf(fn))).not.toBe(pid);
    expect(serverPid()).not.toBe(server);
  });

  test('a server that does not answer is replaced', async () => {
    const fn = await deploy(sources.pid, fresh);
    await answerOf(fn);
    const server = serverPid();
    const pending = fn.call({ payload: '4244' });
    await until('the function has started a child', () => sleepers('4244').length === 1);
    process.kill(server, 'SIGSTOP');
    await fn.loaded.close();
    expect(failureOf(await pending).code).toBe('unavailable');
    await until('the server is gone', () => !serverPids().includes(server));
    await until('the child is gone', () => sleepers('4244').length === 0);
    await answerOf(await deploy(sources.pid));
    expect(serverPid()).not.toBe(server);
  });

  test('1,000 forks leave nothing behind', async () => {
    const fn = await deploy(sources.pid, fresh);
    const pids = new Set<string>();
    const some = async (count: number) => {
      for (let n = 0; n < count; n++) pids.add(await answerOf(fn));
    };
    await some(2);
    const server = serverPid();
    const settled = async () => {
      await until('every fork is reaped', () => childrenOf(server).length === 0);
      await until('every directory is gone', () => readdirSync(directory).flatMap(filesIn).length === 1);
    };
    await settled();
    const [own, servers] = [descriptors('self'), descriptors(server)];
    await Promise.all([some(333), some(333), some(332)]);
    expect(pids.size).toBe(1000);
    expect(serverPid()).toBe(server);
    await settled();
    await until('every descriptor is closed', () => descriptors('self') <= own);
    // One fewer than when it still had a module open that it was loading.
    expect(descriptors(server)).toBeLessThanOrEqual(servers);
    expect(readdirSync(directory).flatMap(filesIn)).toEqual(['guests']);
  }, 60_000);

  test('an idle server is retired and comes back', async () => {
    const clock = new ManualClock();
    runtime = create({ ...options, clock, limits: { ...limits, idleInstanceMs: 10_000 } });
    runtimes.push(runtime);
    const fn = await deploy(sources.pid);
    await answerOf(fn);
    clock.advance(9000);
    await answerOf(fn);
    clock.advance(9000);
    expect(serverPids().length).toBe(1);
    clock.advance(2000);
    await until('the instance is gone', () => descendantPids().size === 1);
    clock.advance(15_000);
    await until('the server is gone', () => descendantPids().size === 0);
    await answerOf(fn);
    expect(serverPids().length).toBe(1);
  });

  test('a server whose worker is killed dies with all it forked, even in a busy loop', async () => {
    const orphans = join(directory, 'orphans');
    const script = `
      import { createDirectLauncher } from ${JSON.stringify(import.meta.resolve('../direct-launcher.js'))};
      import { deployForTest } from ${JSON.stringify(import.meta.resolve('../../runtimes/conformance/support.js'))};
      import { ${create.name} as create } from ${JSON.stringify(import.meta.resolve(module))};
      import { systemClock as clock } from '@relais/kit';
      const [directory, searchPath, limits, file, source] = process.argv.slice(1);
      const launcher = createDirectLauncher({ directory, searchPath, clock });
      const runtime = create({ limits: JSON.parse(limits), clock, launcher, searchPath });
      const fn = await deployForTest(runtime, file, source);
      await fn.call({ payload: '4245' });
    `;
    const args = [orphans, testSearchPath(), JSON.stringify(limits), file, sources.pid];
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script, ...args], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await until('the function has started a child', () => sleepers('4245').length === 1);
    const doomed = [...descendantPids()];
    expect(serverPids().length).toBe(1);
    expect(doomed.length).toBeGreaterThanOrEqual(4);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await until('all are gone', () => doomed.every((pid) => commandOf(pid) === ''));
    rmSync(orphans, { recursive: true });
  });

  function filesIn(name: string): string[] {
    return readdirSync(join(directory, name));
  }
}

/** A launcher that cannot start what has such a word in its arguments. */
function refusing(launcher: ProcessLauncher, word: string): ProcessLauncher {
  return {
    ...launcher,
    launch: async (spec) => {
      if (spec.args.some((arg) => arg.includes(word))) throw new Error('refused');
      return launcher.launch(spec);
    },
  };
}

describe('python', () => forkServerTests(python));
withPhp('forking PHP', () => describe('php', () => forkServerTests(php)));
