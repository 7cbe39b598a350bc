import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ManualClock, RelaisError } from '@relais/kit';
import { testSandbox } from '../../processes/testing/launcher.js';
import { noSandbox } from '../../sandbox/none.js';
import { descendantPids, rejectionOf, until } from '../conformance/support.js';
import { defaultRuntimeLimits } from '../limits.js';
import { testRoot, toolOptions } from './testing/toolshed.js';
import { type BuildSite, outputDirectory, ToolBuilds } from './tool-builds.js';

const root = testRoot();
afterAll(root.remove);

const shell = (script: string, ...args: string[]) => ({ command: '/bin/sh', args: ['-c', script, 'sh', ...args] });

test('a build has its files, runs among them, and leaves nothing', async () => {
  const options = toolOptions(root.directory, defaultRuntimeLimits, '/usr/bin:/bin', noSandbox);
  const builds = new ToolBuilds(options);
  const made = await builds.build(10_000, async (site) => {
    await site.write(new Map([['a/b.txt', Buffer.from('content')]]));
    const { stdout } = await site.run(shell(`cat a/b.txt; pwd; printf made > ${outputDirectory}/x`));
    const tooLarge = await rejectionOf(site.read(`${outputDirectory}/x`, 3));
    return { stdout, directory: site.directory, tooLarge, bytes: await site.read(`${outputDirectory}/x`, 4) };
  });
  expect(made.stdout).toBe(`content${made.directory}\n`);
  expect(made.bytes.toString()).toBe('made');
  expect(made.tooLarge.fields).toMatchObject({ reason: 'artifact_too_large', limit: { limit: 3, used: 4 } });
  expect(existsSync(made.directory)).toBe(false);
  expect(readdirSync(options.scratchDirectory)).toEqual([]);
  await builds.close();
});

test('a file of the source in place of a directory of the build, or the other way round, is told by its name', async () => {
  const builds = new ToolBuilds(toolOptions(root.directory, defaultRuntimeLimits, '/usr/bin:/bin', noSandbox));
  const files = (...paths: string[]) => new Map(paths.map((path) => [path, Buffer.from('x')]));
  for (const paths of [
    ['go.mod/x', 'go.mod'],
    ['go.mod', 'go.mod/x'],
  ]) {
    const building = builds.build(10_000, (site) => site.write(files(...paths)));
    const { code, message } = await rejectionOf(building);
    expect([code, message]).toEqual(['invalid_argument', expect.stringContaining(JSON.stringify(paths[1]))]);
  }
  await builds.close();
});

test('a full disk is no fault of the source', async () => {
  const builds = new ToolBuilds(toolOptions(root.directory, defaultRuntimeLimits, '/usr/bin:/bin', noSandbox));
  const building = builds.build(10_000, () => writeFile('/dev/full', 'x'));
  const told = { code: 'unavailable', fault: 'platform', retryable: true, fields: { reason: 'scratch_full' } };
  expect(await rejectionOf(building)).toMatchObject(told);
  await builds.close();
});

test.each([
  ['a link to a file of the host', 'ln -s /etc/passwd "$1/x"'],
  ['a link to itself', 'ln -s x "$1/x"'],
  ['a device by a link', 'ln -s /dev/zero "$1/x"'],
  ['a pipe that nobody writes', 'mkfifo "$1/x"'],
  ['a directory', 'mkdir "$1/x"'],
  [
    'a link to a directory in place of its own',
    'rmdir "$1"; mkdir other; printf made > other/x; ln -s source/other "$1"',
  ],
])('what is left in place of a result is not read: %s', async (_what, script) => {
  const builds = new ToolBuilds(toolOptions(root.directory, defaultRuntimeLimits, '/usr/bin:/bin', noSandbox));
  const building = builds.build(10_000, async (site) => {
    await site.run(shell(script, outputDirectory));
    return site.read(`${outputDirectory}/x`, 1_000_000);
  });
  expect((await rejectionOf(building)).fields.reason).toBe('compile_error');
  await builds.close();
});

test('a tool that a signal ends is compiler_crashed', async () => {
  const builds = new ToolBuilds(toolOptions(root.directory, defaultRuntimeLimits, '/usr/bin:/bin', noSandbox));
  const error = await rejectionOf(builds.build(10_000, (site) => site.run(shell('kill -SEGV $$'))));
  expect(error.fields.reason).toBe('compiler_crashed');
  await builds.close();
});

const confined = testSandbox.confines ? test : test.skip;

confined.each([
  ['itself', 'while :; do :; done'],
  ['in what it runs', '(while :; do :; done); echo "compile: signal: CPU time limit exceeded" >&2; exit 1'],
])('a tool that uses up its CPU time %s is cpu_limit, with the limit (needs a sandbox)', async (_where, script) => {
  const options = toolOptions(root.directory, defaultRuntimeLimits, '/usr/bin:/bin');
  // Its budget never ends.
  const builds = new ToolBuilds({ ...options, clock: new ManualClock() });
  const error = await rejectionOf(builds.build(1000, (site) => site.run(shell(script))));
  expect(error.fields).toMatchObject({ reason: 'cpu_limit', limit: { name: 'cpuSeconds', limit: 1, used: 1 } });
  await builds.close();
});

test('a build that nobody wants any more is killed with its children, and leaves nothing', async () => {
  const options = toolOptions(root.directory, defaultRuntimeLimits, '/usr/bin:/bin', noSandbox);
  const builds = new ToolBuilds(options);
  const before = descendantPids();
  const marker = join(root.directory, 'unwanted');
  const gone = new AbortController();
  const make = (site: BuildSite) => site.run(shell('sleep 60 & touch "$1"; wait', marker));
  const running = rejectionOf(builds.build(60_000, make, { signal: gone.signal }));
  await until('the tool has started', () => existsSync(marker));
  gone.abort(new RelaisError('cancelled', 'gone'));
  expect((await running).code).toBe('cancelled');
  await until('every process is gone', () => [...descendantPids()].every((pid) => before.has(pid)));
  expect(readdirSync(options.scratchDirectory)).toEqual([]);
  await builds.close();
});

test('closing kills what runs, with its children, and refuses what comes', async () => {
  const options = toolOptions(root.directory, defaultRuntimeLimits, '/usr/bin:/bin', noSandbox);
  const builds = new ToolBuilds(options);
  const before = descendantPids();
  const marker = join(root.directory, 'started');
  const running = rejectionOf(builds.build(60_000, (site) => site.run(shell('sleep 60 & touch "$1"; wait', marker))));
  await until('the tool has started', () => existsSync(marker));
  await builds.close();
  expect((await running).fields.reason).toBe('shutting_down');
  await until('every process is gone', () => [...descendantPids()].every((pid) => before.has(pid)));
  expect((await rejectionOf(builds.build(1000, async () => 1))).code).toBe('unavailable');
  expect(readdirSync(options.scratchDirectory)).toEqual([]);
});
