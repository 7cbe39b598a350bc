import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { randomHex, systemClock } from '@relais/kit';
import { findGroups } from './find-groups.js';

const groups = findGroups(process.pid, randomHex(4), systemClock);
afterAll(() => groups?.close());

/** What /proc says where a process is for processor time. */
const cpuGroup = (told: string) => /^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(.*)$/m.exec(told)?.[1];
const ownGroup = () => cpuGroup(readFileSync('/proc/self/cgroup', 'utf8'));

if (groups?.kind === 'cgroup v1' && groups.sharesCpu)
  test('who stands first is in a group beside the others, with what it starts', standsFirst);
else test('there is no group to stand first in', nothingChanges);

async function standsFirst(): Promise<void> {
  const before = ownGroup() ?? '';
  groups?.standFirst();
  const within = ownGroup() ?? '';
  expect(dirname(within)).toBe(before);
  const directory = groups?.directories.find((each) => existsSync(join(each, basename(within)))) ?? '';
  const own = join(directory, basename(within));
  expect(readFileSync(join(own, 'cpu.shares'), 'utf8')).toBe('8192\n');
  expect(cpuGroup(execFileSync('cat', ['/proc/self/cgroup'], { encoding: 'utf8' }))).toBe(within);
  const script = [...(groups?.leaves ?? []).map((file) => `echo 0 >${file}`), 'cat /proc/self/cgroup'].join('; ');
  expect(cpuGroup(execFileSync('sh', ['-c', script], { encoding: 'utf8' }))).toBe(before);
  // Whoever looks for groups from within makes them beside it, not below.
  const others = findGroups(process.pid, randomHex(4), systemClock);
  expect(others?.directories).toContain(directory);
  others?.standFirst();
  expect(dirname(ownGroup() ?? '')).toBe(before);
  await others?.close();
  expect(ownGroup()).toBe(before);
  await groups?.close();
  expect(existsSync(own)).toBe(false);
}

function nothingChanges(): void {
  const before = ownGroup();
  groups?.standFirst();
  expect(ownGroup()).toBe(before);
}
