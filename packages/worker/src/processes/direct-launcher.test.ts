import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@relais/kit';
import { descendantPids, until } from '../runtimes/conformance/support.js';
import { noSandbox } from '../sandbox/none.js';
import type { LaunchedProcess } from './process-launcher.js';
import { runTool } from './run-tool.js';
import { launcherForTests, testSearchPath } from './testing/launcher.js';

const { launcher, directory } = launcherForTests(systemClock, noSandbox);
const shell = '/bin/sh';

function run(script: string, extra: { input?: Uint8Array; env?: Record<string, string>; budgetMs?: number } = {}) {
  return runTool(launcher, systemClock, {
    command: shell,
    args: ['-c', script],
    budgetMs: 15_000,
    outputBytesMax: 4096,
    ...extra,
  });
}

async function firstLine(launched: LaunchedProcess): Promise<string> {
  const [chunk] = (await once(launched.stdout, 'data')) as [Buffer];
  return chunk.toString().trim();
}

test('standard input is readable by descriptor and by name', async () => {
  const result = await run('cat; cat /dev/stdin', { input: Buffer.from('payload') });
  expect(result).toMatchObject({ stdout: 'payloadpayload', exit: { exitCode: 0, signal: '' } });
});

test('the environment is clean', async () => {
  const result = await run('env | cut -d= -f1 | sort', { env: { GIVEN: 'yes' } });
  const names = result.stdout.split('\n').filter((name) => !['_', 'PWD', 'OLDPWD', 'SHLVL', ''].includes(name));
  expect(names).toEqual(['GIVEN', 'HOME', 'LANG', 'PATH', 'TMPDIR']);
});

test('no file of this process is inherited', async () => {
  const fd = openSync(join(directory, 'private'), 'w');
  const result = await run('ls -l /proc/self/fd');
  closeSync(fd);
  rmSync(join(directory, 'private'));
  expect(result.stdout).toContain(' 0 -> ');
  expect(result.stdout).not.toContain('private');
});

test('each process has an empty directory of its own that goes with it', async () => {
  const result = await run('pwd; ls -A; mkdir -p deep/er; touch deep/er/file');
  const [where] = result.stdout.split('\n');
  expect(where?.startsWith(directory)).toBe(true);
  expect(result.stdout).toBe(`${where}\n`);
  expect(existsSync(where ?? '')).toBe(false);
  expect(readdirSync(directory)).toEqual([]);
});

test('reports exit codes and signals', async () => {
  expect((await run('exit 7')).exit).toEqual({ exitCode: 7, signal: '' });
  expect((await run('kill -SEGV $$')).exit).toEqual({ exitCode: 0, signal: 'SIGSEGV' });
});

test('a tool that takes too long is stopped', async () => {
  await expect(run('exec sleep 1000', { budgetMs: 50 })).rejects.toMatchObject({ code: 'deadline_exceeded' });
});

test('what cannot be started is unavailable', async () => {
  const broken = { command: shell, args: ['x'.repeat(3_000_000)], channel: false };
  await expect(launcher.launch(broken)).rejects.toMatchObject({
    code: 'unavailable',
    fields: { reason: 'process_start_failed' },
  });
});

test('killing ends the children of a process too', async () => {
  const before = descendantPids();
  const launched = await launcher.launch({
    command: shell,
    args: ['-c', 'sleep 1000 & sleep 1000 & echo ready; wait'],
    channel: false,
  });
  launched.stderr.resume();
  expect(await firstLine(launched)).toBe('ready');
  expect(groupOf(launched.pid).length).toBeGreaterThanOrEqual(3);
  launched.kill();
  expect((await launched.closed).signal).toBe('SIGKILL');
  await until('the group is gone', () => groupOf(launched.pid).length === 0);
  expect([...descendantPids()].filter((pid) => !before.has(pid))).toEqual([]);
});

test('children left behind by a process that exits are ended', async () => {
  const launched = await launcher.launch({
    command: shell,
    args: ['-c', 'sleep 1000 & echo ready'],
    channel: false,
  });
  launched.stderr.resume();
  await firstLine(launched);
  await launched.closed;
  await until('the group is gone', () => groupOf(launched.pid).length === 0);
});

test('a process dies with the one that started it, even in a busy loop', async () => {
  const script = `
    import { createDirectLauncher } from ${JSON.stringify(import.meta.resolve('./direct-launcher.js'))};
    import { systemClock } from '@relais/kit';
    const [directory, searchPath] = process.argv.slice(1);
    const launcher = createDirectLauncher({ directory, searchPath, clock: systemClock });
    const child = await launcher.launch({ command: '/bin/sh', args: ['-c', 'while :; do :; done'], channel: true });
    console.log(child.pid);
  `;
  const args = ['--input-type=module', '-e', script, join(directory, 'orphans'), testSearchPath()];
  const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: import.meta.dirname });
  const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(chunk.toString());
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await until('the busy child is gone', () => !isAlive(pid));
});

function isAlive(pid: number): boolean {
  const state = statOf(String(pid))?.[0];
  return state !== undefined && state !== 'Z';
}

function groupOf(pgid: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => Number(statOf(pid)?.[2]) === pgid && isAlive(Number(pid))).map(Number);
}

/** Fields of /proc/PID/stat from the state on. */
function statOf(pid: string): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
