import { type FunctionConfig, Isolation } from '@relais/contracts';
import { systemClock } from '@relais/kit';
import { launcherForTests, testGroups, testSandbox, testSearchPath } from '../processes/testing/launcher.js';
import { sleepers } from '../processes/testing/process-table.js';
import {
  deployForTest,
  descendantPids,
  failureOf,
  outputOf,
  type TestFunction,
  until,
} from '../runtimes/conformance/support.js';
import { createJsRuntime } from '../runtimes/js/js-runtime.js';
import { defaultRuntimeLimits } from '../runtimes/limits.js';
import { createPhpRuntime } from '../runtimes/php/php-runtime.js';
import { createPythonRuntime } from '../runtimes/python/python-runtime.js';
import type { Runtime } from '../runtimes/runtime.js';

const slowTestMs = 90_000;
const { launcher } = launcherForTests();
const limits = { ...defaultRuntimeLimits, processesMax: 6 };
const options = { limits, clock: systemClock, launcher, searchPath: testSearchPath() };

interface Language {
  readonly make: () => Runtime;
  readonly file: string;
  readonly neighbour: string;
  /** A program that does nothing for ever. */
  readonly busy: string;
  /** Handlers that each do one thing; `payload` is theirs. */
  readonly hostile: Readonly<Record<'memory' | 'processes' | 'file' | 'disk' | 'daemon' | 'reads' | 'looks', string>>;
}

const paths = [
  '/etc/shadow',
  '/proc/1/root/etc/shadow',
  '/run/guests/guests',
  '/run/groups/0/cgroup.procs',
  '/run/groups/0/tasks',
  '/sys/fs/cgroup',
];

const languages: Readonly<Record<string, Language>> = {
  python: {
    make: () => createPythonRuntime(options),
    file: 'f.py',
    neighbour: 'def handler(event, context): return "fine"',
    busy: 'while True: pass',
    hostile: {
      memory: 'def handler(event, context):\n    kept = []\n    while True: kept.append(bytearray(8 << 20))',
      processes: `import os, time
def handler(event, context):
    while True:
        if os.fork() == 0: time.sleep(1000)`,
      file: `import signal
def handler(event, context):
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    with open("/tmp/large", "wb") as file: file.truncate(1 << 30)`,
      disk: `def handler(event, context):
    try:
        for n in range(8):
            with open(f"/tmp/{n}", "wb") as file:
                for _ in range(30): file.write(b"x" * (1 << 20))
    except OSError as error: return error.strerror`,
      daemon: `import subprocess
def handler(event, context):
    subprocess.Popen(["setsid", "setsid", "sleep", str(event)], start_new_session=True)
    return "left"`,
      reads: `import os
def handler(event, context):
    return [path for path in event if os.access(path, os.R_OK)]`,
      looks: `import os
def handler(event, context):
    names = {}
    for name in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts"): names[name] = os.readlink("/proc/self/ns/" + name)
    status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
    return {"namespaces": names, "capabilities": status["CapEff"] + status["CapBnd"], "filter": status["Seccomp"],
            "processes": [int(pid) for pid in os.listdir("/proc") if pid.isdigit()], "left": os.listdir("/tmp")}`,
    },
  },
  php: {
    make: () => createPhpRuntime(options),
    file: 'f.php',
    neighbour: '<?php function handler() { return "fine"; }',
    busy: '<?php for (;;);',
    hostile: {
      memory: '<?php ini_set("memory_limit", -1); function handler() { for (;;) $kept[] = str_repeat("x", 8 << 20); }',
      processes:
        '<?php function handler() { for (;;) switch (@pcntl_fork()) { case 0: sleep(1000); case -1: throw new Exception("no more"); } }',
      file: '<?php function handler() { ftruncate(fopen("/tmp/large", "w"), 1 << 30); return "written"; }',
      disk: `<?php function handler() {
        for ($n = 0; $n < 8; $n++) for ($file = fopen("/tmp/$n", "w"), $i = 0; $i < 30; $i++)
          if (@fwrite($file, str_repeat("x", 1 << 20)) !== 1 << 20) return "No space left on device"; }`,
      daemon: '<?php function handler($event) { exec("setsid setsid sleep $event >/dev/null 2>&1 &"); return "left"; }',
      reads: '<?php function handler($paths) { return array_values(array_filter($paths, "is_readable")); }',
      looks: `<?php function handler() {
        foreach (["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"] as $name) $names[$name] = readlink("/proc/self/ns/$name");
        preg_match_all('/^(\\w+):\\t(.*)$/m', file_get_contents('/proc/self/status'), $m);
        $status = array_combine($m[1], $m[2]);
        $processes = array_values(array_map('intval', array_filter(scandir("/proc"), "ctype_digit")));
        return ["namespaces" => $names, "capabilities" => $status["CapEff"] . $status["CapBnd"],
          "filter" => $status["Seccomp"], "processes" => $processes, "left" => array_diff(scandir("/tmp"), [".", "..", ".relais"])]; }`,
    },
  },
  js: {
    make: () => createJsRuntime(options),
    file: 'f.js',
    neighbour: 'exports.handler = () => "fine";',
    busy: 'for (;;);',
    hostile: {
      memory: 'exports.handler = () => { const kept = []; for (;;) kept.push(Buffer.alloc(8 << 20, 1)); };',
      processes: `const { spawn } = require('child_process');
exports.handler = () => new Promise((_, reject) => {
  const more = () => spawn('sleep', ['1000'], { stdio: 'ignore' }).on('error', reject).on('spawn', more); more(); });`,
      file: 'exports.handler = () => require("fs").truncateSync("/tmp/large", require("fs").writeFileSync("/tmp/large", "") ?? 2 ** 30);',
      disk: `const fs = require('fs');
exports.handler = () => {
  try {
    for (let n = 0; n < 8; n++) { const fd = fs.openSync('/tmp/' + n, 'w');
      for (let i = 0; i < 30; i++) if (fs.writeSync(fd, Buffer.alloc(1 << 20)) < 1 << 20) return 'No space left on device'; }
  } catch (error) { return error.code === 'ENOSPC' ? 'No space left on device' : error.code; } };`,
      daemon: `exports.handler = (event) => {
  require('child_process').spawn('setsid', ['setsid', 'sleep', String(event)], { detached: true, stdio: 'ignore' }).unref();
  return 'left'; };`,
      reads: `exports.handler = (paths) => paths.filter((path) => {
  try { require('fs').accessSync(path, 4); return true; } catch { return false; } });`,
      looks: `const fs = require('fs');
exports.handler = () => {
  const names = Object.fromEntries(['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'].map((n) => [n, fs.readlinkSync('/proc/self/ns/' + n)]));
  const status = Object.fromEntries(fs.readFileSync('/proc/self/status', 'utf8').split('\\n').map((line) => line.split(':\\t')));
  return { namespaces: names, capabilities: status.CapEff + status.CapBnd, filter: status.Seccomp,
    processes: fs.readdirSync('/proc').map(Number).filter(Boolean), left: fs.readdirSync('/tmp') }; };`,
    },
  },
};

interface Looks {
  readonly namespaces: Readonly<Record<string, string>>;
  readonly capabilities: string;
  readonly filter: string;
  readonly processes: readonly number[];
  readonly left: unknown;
}

describe.each(Object.entries(languages))('hostile functions in %s', (lang, language) => {
  let runtime: Runtime;
  let neighbour: TestFunction;
  const deploy = (source: string, config: Partial<FunctionConfig> = {}) =>
    deployForTest(runtime, language.file, source, { memoryMb: 64, ...config });
  const fine = async () => expect(outputOf(await neighbour.call()).toString()).toBe('fine');

  beforeAll(async () => {
    runtime = language.make();
    neighbour = await deploy(language.neighbour);
    await fine();
  }, slowTestMs);
  afterAll(async () => {
    await runtime.close();
    await until('every process is gone', () => descendantPids().size === 0);
  }, slowTestMs);
  // One stubborn function must not be taken for another.
  afterEach(fine);

  test(
    'a memory bomb is memory_limit, with the limit and what was used',
    async () => {
      const error = failureOf(await (await deploy(language.hostile.memory)).call());
      expect(error).toMatchObject({ code: 'aborted', fault: 'function', fields: { reason: 'memory_limit' } });
      expect(error.fields.limit).toMatchObject({ name: 'memoryMb', limit: 64 });
      expect(error.fields.limit?.used).toBeGreaterThanOrEqual(64);
      // What only looks now and then lets it grow in between.
      if (testGroups) expect(error.fields.limit?.used).toBeLessThanOrEqual(64 * 1.2);
    },
    slowTestMs,
  );

  test(
    'a fork bomb is pids_limit or stopped, and nothing of it stays',
    async () => {
      const fn = await deploy(language.hostile.processes, { memoryMb: 512 });
      const error = failureOf(await fn.call());
      expect(error.fault).toBe('function');
      if (testGroups) {
        expect(error.fields).toMatchObject({ reason: 'pids_limit', limit: { name: 'tasksMax', limit: 128 } });
      }
      await fn.loaded.close();
      await until('its children are gone', () => sleepers('1000').length === 0);
    },
    slowTestMs,
  );

  test('a program that uses up its CPU time is cpu_limit, with the limit', async () => {
    const fn = await deploy(language.busy, { timeoutMs: 1000 });
    // Which its deadline, of which nobody tells it here, would have ended before.
    const error = failureOf(await fn.call());
    expect(error).toMatchObject({ code: 'aborted', fault: 'function', fields: { reason: 'cpu_limit' } });
    expect(error.fields.limit).toEqual({ name: 'cpuSeconds', limit: 1, used: 1 });
  });

  test('a huge file and a full disk are the function’s own affair', async () => {
    const file = await (await deploy(language.hostile.file)).call();
    if (!file.result.ok) expect(file.result.error.fault).toBe('function');
    const disk = await (await deploy(language.hostile.disk, { memoryMb: 256 })).call();
    expect(outputOf(disk).toString()).toBe('No space left on device');
  });

  test('a daemon does not outlive the instance that left it', async () => {
    const seconds = String(96_000 + lang.length);
    const fn = await deploy(language.hostile.daemon, { isolation: Isolation.ISOLATION_FRESH });
    expect(outputOf(await fn.call({ payload: seconds })).toString()).toBe('left');
    await until('the daemon is gone', () => sleepers(seconds).length === 0);
  });

  test('what is the machine’s cannot be read', async () => {
    const fn = await deploy(language.hostile.reads);
    const payload = JSON.stringify([...paths, `/proc/${process.pid}/environ`, '/srv/functions']);
    expect(JSON.parse(outputOf(await fn.call({ payload })).toString())).toEqual([]);
  });

  test('two functions share no namespace, have no rights and see no process of others', async () => {
    const [one, other] = await Promise.all([deploy(language.hostile.looks), deploy(language.hostile.looks)]);
    const answers = await Promise.all([one?.call(), other?.call()]);
    const seen = answers.map((answer) => JSON.parse(outputOf(answer as never).toString()) as Looks);
    expect(Object.keys(seen[0]?.namespaces ?? {})).toHaveLength(7);
    for (const [name, id] of Object.entries(seen[0]?.namespaces ?? {})) expect(id).not.toBe(seen[1]?.namespaces[name]);
    for (const { capabilities, filter, processes } of seen) {
      expect(capabilities.slice(0, 16)).toBe('0000000000000000');
      if (testSandbox.filters || lang !== 'js') expect(filter).toBe('2');
      expect(processes.length).toBeLessThan(6);
    }
  });
});
