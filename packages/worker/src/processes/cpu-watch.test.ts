import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, systemClock } from '@relais/kit';
import { deployForTest, descendantPids, failureOf, outputOf, until } from '../runtimes/conformance/support.js';
import { createJsRuntime } from '../runtimes/js/js-runtime.js';
import { defaultRuntimeLimits } from '../runtimes/limits.js';
import { createPhpRuntime } from '../runtimes/php/php-runtime.js';
import { createPythonRuntime } from '../runtimes/python/python-runtime.js';
import type { Runtime } from '../runtimes/runtime.js';
import { trySandbox } from '../sandbox/find-sandbox.js';
import { type CpuHit, type CpuUser, CpuWatch } from './cpu-watch.js';
import { createLauncher } from './create-launcher.js';
import { removeTree } from './remove-tree.js';
import { testGroups, testSearchPath } from './testing/launcher.js';

class Process implements CpuUser {
  calls = 0;
  busy = false;
  /** What it will have used at each look. */
  reads = 0;
  usedMs: number | undefined = 0;
  hits: CpuHit[] = [];
  end: () => void = () => {};
  readonly gone = new Promise<void>((resolve) => {
    this.end = resolve;
  });

  cpuUsedMs(): number | undefined {
    this.reads++;
    return this.usedMs;
  }

  endAtCpuLimit(hit: CpuHit): void {
    this.hits.push(hit);
  }
}

describe('what is counted', () => {
  const watched = () => {
    const clock = new ManualClock();
    const watch = new CpuWatch(clock, 2);
    const user = new Process();
    watch.watch(user, 1);
    /** A while in which it uses so much. */
    const burn = (ms: number, usedMs: number) => {
      for (let left = ms; left > 0; left -= 25) {
        user.usedMs = (user.usedMs ?? 0) + (usedMs * 25) / ms;
        clock.advance(25);
      }
    };
    return { burn, clock, user, watch };
  };

  test('from a call on, what it leaves behind with it, once', () => {
    const { burn, user, watch } = watched();
    user.calls = 1;
    user.busy = true;
    burn(500, 1000);
    expect(user.hits).toEqual([]);
    user.busy = false;
    burn(200, 400);
    expect(user.hits).toEqual([{ limitSeconds: 1, usedSeconds: 1.05 }]);
    expect(watch.endedIdle).toBe(1);
  });

  test('each call anew, and none that is shorter than it takes to look', () => {
    const { burn, user, watch } = watched();
    for (user.calls = 1; user.calls <= 10; user.calls++) burn(500, 900);
    const { reads } = user;
    for (; user.calls <= 100; user.calls++) burn(25, 50);
    expect(user.hits).toEqual([]);
    expect(user.reads).toBe(reads);
    user.busy = true;
    burn(700, 1400);
    expect(user.hits).toEqual([{ limitSeconds: 1, usedSeconds: 1.05 }]);
    expect(watch.endedIdle).toBe(0);
  });

  test('what is forgotten when a child ends stays counted, and what cannot be known is not', () => {
    const { burn, clock, user } = watched();
    burn(600, 600);
    user.usedMs = undefined;
    clock.advance(200);
    user.usedMs = 100;
    burn(500, 500);
    expect(user.hits).toEqual([]);
    burn(100, 100);
    expect(user.hits.map(({ limitSeconds }) => limitSeconds)).toEqual([1]);
  });

  test('what was used is never told as what is allowed', () => {
    const { clock, user } = watched();
    clock.advance(25);
    user.usedMs = 1001;
    clock.advance(525);
    expect(user.hits).toEqual([{ limitSeconds: 1, usedSeconds: 1.01 }]);
  });

  test('who sleeps is looked at now and then, and who is gone no more', async () => {
    const { burn, user } = watched();
    burn(5000, 0);
    expect(user.reads).toBe(10);
    user.end();
    await user.gone;
    await Promise.resolve();
    burn(5000, 9000);
    expect(user.reads).toBe(10);
  });
});

const directory = mkdtempSync(join(tmpdir(), 'relais-cpu-'));
afterAll(() => removeTree(directory));

const burner = 'while :; do :; done';
const js = `const { Worker } = require('worker_threads');
const { spawn } = require('child_process');
exports.handler = (wish) => {
  if (wish === 'thread') new Worker('for (;;);', { eval: true }).unref();
  if (wish === 'child') spawn('sh', ['-c', '${burner}'], { stdio: 'ignore' }).unref();
  if (wish !== 'children') return process.pid;
  for (let n = 0; n < 3; n++) spawn('sh', ['-c', '${burner}'], { stdio: 'ignore' });
  return new Promise(() => {});
};`;
const python = `import os, subprocess, threading, time
def burn():
    while True: pass
def handler(wish, context):
    if wish == "thread": threading.Thread(target=burn, daemon=True).start()
    if wish == "child": subprocess.Popen(["sh", "-c", "${burner}"])
    if wish != "children": return os.getpid()
    for n in range(3): subprocess.Popen(["sh", "-c", "${burner}"])
    time.sleep(1000)`;
const php = `<?php
function burn() { global $kept; $kept[] = proc_open(["sh", "-c", "${burner}"], [], $pipes); }
function handler($wish) {
  if ($wish === "child") burn();
  if ($wish !== "children") return getmypid();
  for ($n = 0; $n < 3; $n++) burn();
  sleep(1000);
}`;
const languages = [
  { lang: 'js', file: 'f.js', source: js, make: createJsRuntime, leaves: ['thread', 'child'] },
  { lang: 'python', file: 'f.py', source: python, make: createPythonRuntime, leaves: ['thread', 'child'] },
  { lang: 'php', file: 'f.php', source: php, make: createPhpRuntime, leaves: ['child'] },
] as const;

/** Each way to find out what was used, where this machine has it. */
const places = [
  { sandboxName: 'bubblewrap', groups: testGroups },
  { sandboxName: 'bubblewrap', groups: undefined },
  { sandboxName: 'unshare', groups: undefined },
  { sandboxName: 'none', groups: undefined },
] as const;

describe.each(places)('in $sandboxName, groups: $groups.kind', ({ groups, sandboxName }) => {
  const slowTestMs = 90_000;
  const clock = systemClock;
  const searchPath = testSearchPath();

  describe.each(languages)('a handler in $lang', ({ file, leaves, make, source }) => {
    let runtime: Runtime;
    beforeAll(async () => {
      const sandbox = await trySandbox(sandboxName, { directory, searchPath });
      if (typeof sandbox === 'string') throw new Error(sandbox);
      const launcher = createLauncher({ directory, sandbox, groups, searchPath, clock });
      runtime = make({ limits: { ...defaultRuntimeLimits, processesMax: 4 }, clock, launcher, searchPath });
    });
    afterAll(async () => {
      await runtime.close();
      await until('every process is gone', () => descendantPids().size === 0);
    }, slowTestMs);
    const deploy = () => deployForTest(runtime, file, source, { timeoutMs: 1000 });

    test(
      'whose children use more than one core gives it in its time is ended by name, and its neighbour goes on',
      async () => {
        const [fn, neighbour] = [await deploy(), await deploy()];
        const pid = outputOf(await neighbour.call()).toString();
        const { code, fault, fields } = failureOf(await fn.call({ payload: '"children"' }));
        expect([code, fault, fields.reason]).toEqual(['aborted', 'function', 'cpu_limit']);
        expect(fields.limit).toMatchObject({ name: 'cpuSeconds', limit: 1 });
        expect(fields.limit?.used).toBeGreaterThan(1);
        expect(fields.limit?.used).toBeLessThan(2);
        expect(outputOf(await neighbour.call()).toString()).toBe(pid);
        expect(Number(outputOf(await fn.call()).toString())).toBeGreaterThan(0);
        expect(runtime.endedIdle?.()).toBe(0);
      },
      slowTestMs,
    );

    test(
      'that leaves something behind which computes is ended with it, and the next call is served',
      async () => {
        const [fn, neighbour] = [await deploy(), await deploy()];
        const pid = outputOf(await neighbour.call()).toString();
        for (const [endedBefore, left] of leaves.entries()) {
          outputOf(await fn.call({ payload: JSON.stringify(left) }));
          await until(`the ${left} was too much`, () => runtime.endedIdle?.() === endedBefore + 1, slowTestMs / 3);
          await until('its instance is gone', () => fn.loaded.instances?.().idle === 0);
        }
        expect(outputOf(await neighbour.call()).toString()).toBe(pid);
        expect(Number(outputOf(await fn.call()).toString())).toBeGreaterThan(0);
      },
      slowTestMs,
    );
  });
});
