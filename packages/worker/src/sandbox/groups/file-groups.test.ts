import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ManualClock, processorWaitMsOf, randomHex, systemClock } from '@relais/kit';
import { until } from '../../runtimes/conformance/support.js';
import type { ControlGroup } from './control-group.js';
import { FileGroups } from './file-groups.js';
import { findGroups } from './find-groups.js';
import { version1, version2 } from './group-files.js';

/** More than the kernel gives any process. */
const goneForGood = 2 ** 22 + 1;
const limits = { memoryBytesMax: 64 * 1024 * 1024, tasksMax: 8 };

describe('directories that look like groups', () => {
  let root: string;
  const made = (name: string) => {
    const directory = join(root, name);
    mkdirSync(directory);
    return directory;
  };

  /** Those of version 1, each a directory of its own. */
  const hierarchies = () => ({
    memory: made('memory'),
    tasks: made('pids'),
    shares: made('cpu'),
    usage: made('cpuacct'),
    processors: made('cpuset'),
  });

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'relais-groups-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('version 1: what shares processor time lies beside the platform, the rest in directories of its own', () => {
    const { memory, tasks, shares, usage } = hierarchies();
    const cpu = { shares, usage, beside: true };
    const groups = new FileGroups({
      files: version1,
      roots: { memory, tasks, cpu },
      name: 'relais-1-a',
      clock: new ManualClock(),
    });
    const { joins } = groups.make(limits);
    expect(joins.map((file) => dirname(file).slice(root.length))).toEqual([
      '/memory/relais-1-a/g1',
      '/pids/relais-1-a/g1',
      '/cpuacct/relais-1-a/g1',
      '/cpu/relais-1-a-g1',
    ]);
    expect(groups.directories.map((directory) => basename(directory))).toEqual([
      'relais-1-a',
      'relais-1-a',
      'relais-1-a',
      'cpu',
    ]);
    expect(readFileSync(join(shares, 'relais-1-a-g1', 'cpu.shares'), 'utf8')).toBe('110');
  });

  test('version 1: controllers that are mounted together share a group', () => {
    const [memory, tasks, both] = ['memory', 'pids', 'cpu,cpuacct'].map(made) as [string, string, string];
    const cpu = { shares: both, usage: both, beside: true };
    const groups = new FileGroups({
      files: version1,
      roots: { memory, tasks, cpu },
      name: 'relais-1-a',
      clock: new ManualClock(),
    });
    expect(groups.make(limits).joins).toHaveLength(3);
  });

  test('version 1: who goes last leaves the first processor to the platform while that needs it', () => {
    const { memory, tasks, shares, usage, processors } = hierarchies();
    writeFileSync(join(processors, 'cpuset.cpus'), '2-4\n');
    writeFileSync(join(processors, 'cpuset.mems'), '0\n');
    writeFileSync(join(processors, 'cpuset.effective_cpus'), '2-4\n');
    const clock = new ManualClock();
    const cpu = { shares, usage, beside: true, processors };
    const groups = new FileGroups({ files: version1, roots: { memory, tasks, cpu }, name: 'relais-1-a', clock });
    const group = groups.make(limits);
    const own = (file: string) => readFileSync(join(processors, 'relais-1-a', file), 'utf8');
    expect([own('cpuset.cpus'), own('cpuset.mems'), own('cgroup.clone_children')]).toEqual(['2-4\n', '0\n', '1']);
    expect(group.joins).toContain(join(processors, 'relais-1-a/g1/tasks'));
    const run = (seconds: number, functions: number, platform: number) => {
      for (let at = 0; at < seconds; at += 0.05) {
        usedMs.functions += functions * 50;
        usedMs.platform += platform * 50;
        const [alone, all] = [usedMs.functions, usedMs.functions + usedMs.platform].map((ms) => String(ms * 1e6));
        for (const place of ['relais-1-a', 'relais-1-a/g1'])
          writeFileSync(join(usage, place, 'cpuacct.usage'), `${alone}`);
        writeFileSync(join(usage, 'cpuacct.usage'), `${all}`);
        clock.advance(50);
      }
    };
    const usedMs = { functions: 0, platform: 0 };
    run(3, 1, 0.9);
    expect(own('g1/cpuset.cpus')).toBe('3,4');
    const elsewhere = new FileGroups({
      files: version1,
      roots: { memory, tasks, cpu },
      name: 'relais-2-b',
      clock: new ManualClock(),
    });
    expect(elsewhere.leftToOthers).toEqual([2]);
    run(3, 1, 0.1);
    expect(own('g1/cpuset.cpus')).toBe('2,3,4');
    expect(elsewhere.leftToOthers).toEqual([]);
    run(3, 1, 0.9);
    group.hurry?.();
    expect(own('g1/cpuset.cpus')).toBe('2,3,4');
  });

  test('what its processes waited for a processor is that of those that are there', () => {
    const { memory, tasks } = hierarchies();
    const group = new FileGroups({
      files: version1,
      roots: { memory, tasks, cpu: undefined },
      name: 'relais-1-a',
    }).make(limits);
    const members = join(tasks, 'relais-1-a/g1/cgroup.procs');
    writeFileSync(members, `${goneForGood}\n`);
    expect(group.processorWaitMs?.()).toBeUndefined();
    const leastMs = processorWaitMsOf(process.pid) as number;
    writeFileSync(members, `${goneForGood}\n${process.pid}\n`);
    const waitedMs = group.processorWaitMs?.() as number;
    expect(waitedMs).toBeGreaterThanOrEqual(leastMs);
    expect(waitedMs).toBeLessThanOrEqual(processorWaitMsOf(process.pid) as number);
  });

  test('version 1: where processors cannot be chosen, groups are made all the same, and nothing of it is left', () => {
    const { memory, tasks, shares, processors } = hierarchies();
    const cpu = { shares, usage: shares, beside: true, processors };
    // It says which there are, but nothing of memory, without which nobody can join.
    writeFileSync(join(processors, 'cpuset.effective_cpus'), '0-1\n');
    const roots = { memory, tasks, cpu };
    const groups = new FileGroups({ files: version1, roots, name: 'relais-1-a', clock: new ManualClock() });
    expect(groups.make(limits).joins.filter((file) => file.startsWith(processors))).toEqual([]);
    expect(readdirSync(processors)).toEqual(['cpuset.effective_cpus']);
  });

  test('version 1: without a clock to look by, a group weighs as much as one process of its niceness, whatever becomes of it', () => {
    const { memory, tasks, shares } = hierarchies();
    const cpu = { shares, usage: shares, beside: true };
    const group = new FileGroups({ files: version1, roots: { memory, tasks, cpu }, name: 'relais-1-a' }).make(limits);
    const weight = () => readFileSync(join(shares, 'relais-1-a-g1', 'cpu.shares'), 'utf8');
    expect(group.joins).toHaveLength(3);
    expect(weight()).toBe('512');
    group.hurry?.();
    expect(weight()).toBe('512');
  });

  test('version 2: one directory holds all of a group', () => {
    const cpu = { shares: root, usage: root, beside: false };
    const roots = { memory: root, tasks: root, cpu };
    const groups = new FileGroups({ files: version2, roots, name: 'relais-1-a', clock: new ManualClock() });
    expect(groups.sharesCpu).toBe(true);
    expect(groups.make(limits).joins).toEqual([join(root, 'relais-1-a/g1/cgroup.procs')]);
    expect(readFileSync(join(root, 'relais-1-a/g1/cpu.weight'), 'utf8')).toBe('11');
  });

  test('what may be swapped out: nothing that version 2 counts apart, nothing beyond the memory in version 1', () => {
    const swaps = [version1, version2].map(({ memory: { swap } }) => [swap.limit, swap.bytesMax(64)]);
    expect(swaps).toEqual([
      ['memory.memsw.limit_in_bytes', 64],
      ['memory.swap.max', 0],
    ]);
  });

  test('processor time is read where the kernel counts it for groups, and else of each process', () => {
    const both = { memory: root, tasks: root, cpu: undefined };
    const second = new FileGroups({ files: version2, roots: both, name: 'relais-1-a' }).make(limits);
    writeFileSync(join(root, 'relais-1-a/g1/cpu.stat'), 'usage_usec 1500\nuser_usec 700\n');
    expect(second.cpuUsedMs?.()).toBe(1.5);
    const first = new FileGroups({ files: version1, roots: both, name: 'relais-1-b' }).make(limits);
    writeFileSync(join(root, 'relais-1-b/g1/cgroup.procs'), `0\n${process.pid}\n`);
    const ownMs = process.cpuUsage().user / 1000;
    expect(first.cpuUsedMs?.()).toBeGreaterThan(ownMs - 20);
  });

  test('what is held is what is in no file on disk, in either version', () => {
    const roots = { memory: root, tasks: root, cpu: undefined };
    const told = { first: 'cache 1000\nrss 20\nrss_huge 7\nshmem 3\n', second: 'anon 5\nfile 1000\nshmem 2\n' };
    const first = new FileGroups({ files: version1, roots, name: 'first' }).make(limits);
    const second = new FileGroups({ files: version2, roots, name: 'second' }).make(limits);
    for (const [name, stat] of Object.entries(told)) writeFileSync(join(root, name, 'g1/memory.stat'), stat);
    expect([first.memoryBytes(), second.memoryBytes()]).toEqual([23, 7]);
  });

  test('version 2: without a clock to look by, processes stay where they are for processor time', () => {
    const cpu = { shares: root, usage: root, beside: false };
    const groups = new FileGroups({ files: version2, roots: { memory: root, tasks: root, cpu }, name: 'a' });
    expect(groups.sharesCpu).toBe(true);
    groups.make(limits);
    expect(existsSync(join(root, 'a/g1/cpu.weight'))).toBe(false);
  });

  test('without processor time to share out, memory and processes are counted all the same', () => {
    const groups = new FileGroups({ files: version2, roots: { memory: root, tasks: root, cpu: undefined }, name: 'a' });
    expect(groups.sharesCpu).toBe(false);
    groups.make(limits).hurry?.();
    expect(existsSync(join(root, 'a/g1/cpu.weight'))).toBe(false);
  });

  test('closing takes nothing away that others have made', async () => {
    const { memory, tasks, shares, usage } = hierarchies();
    const roots = { memory, tasks, cpu: { shares, usage, beside: true } };
    for (const name of ['relais-1-ab-g1', 'other', 'relais-1-a-g7']) mkdirSync(join(shares, name));
    await new FileGroups({ files: version1, roots, name: 'relais-1-a', clock: new ManualClock() }).close();
    expect(readdirSync(shares)).toEqual(['other', 'relais-1-ab-g1']);
    expect(readdirSync(memory)).toEqual([]);
  });

  test('a group that is being killed yields no more, whatever it used', () => {
    const cpu = { shares: root, usage: root, beside: false };
    const clock = new ManualClock();
    const roots = { memory: root, tasks: root, cpu };
    const groups = new FileGroups({ files: version2, roots, name: 'a', clock });
    const use = (ms: number) => {
      for (const place of [root, join(root, 'a/g1')])
        writeFileSync(join(place, 'cpu.stat'), `usage_usec ${ms * 1000}\n`);
    };
    const group = groups.make(limits);
    const idle = join(root, 'a/g1/cpu.idle');
    writeFileSync(idle, '0');
    use(0);
    clock.advance(50);
    use(1000);
    clock.advance(50);
    expect(readFileSync(idle, 'utf8')).toBe('1');
    group.hurry?.();
    expect(readFileSync(idle, 'utf8')).toBe('0');
    use(2000);
    clock.advance(50);
    expect(readFileSync(idle, 'utf8')).toBe('0');
  });
});

const groups = findGroups(process.pid, randomHex(4), systemClock);
afterAll(() => groups?.close());
if (groups?.sharesCpu) test('the kernel lets a loop run only when nobody else wants to', aLoopYields);
else test('processor time is not ours to share out here', () => expect(groups?.sharesCpu ?? false).toBe(false));

async function aLoopYields(): Promise<void> {
  const [loop, sleeper] = [groups?.make(limits), groups?.make(limits)] as [ControlGroup, ControlGroup];
  const children = [inside(loop, 'while :; do :; done'), inside(sleeper, 'exec sleep 1000')];
  try {
    const idleOf = (group: ControlGroup) =>
      group.joins
        .map((file) => join(dirname(file), 'cpu.idle'))
        .filter((file) => existsSync(file))
        .map((file) => readFileSync(file, 'utf8').trim());
    await until('the loop yields', () => idleOf(loop).includes('1'));
    expect(idleOf(sleeper)).toEqual(['0']);
    loop.hurry?.();
    expect(idleOf(loop)).toEqual(['0']);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map((child) => once(child, 'exit')));
    await Promise.all([loop.remove(), sleeper.remove()]);
  }
  for (const file of [...loop.joins, ...sleeper.joins]) expect(existsSync(dirname(file))).toBe(false);
}

if (groups) test('a group knows what its processes hold', aGroupKnowsWhatIsHeld);
else test('nobody counts memory for us here', () => expect(groups).toBeUndefined());

async function aGroupKnowsWhatIsHeld(): Promise<void> {
  const mebibyte = 1024 * 1024;
  const group = groups?.make({ memoryBytesMax: 256 * mebibyte, tasksMax: 8 }) as ControlGroup;
  const script = `globalThis.held = Buffer.alloc(100 * ${mebibyte}, 1); setTimeout(() => {}, 1e6)`;
  const holder = inside(group, `exec "${process.execPath}" -e "${script}"`);
  try {
    await until('it holds what it takes', () => group.memoryBytes() > 100 * mebibyte);
    // Beside that node has some of its own.
    expect(group.memoryBytes()).toBeLessThan(180 * mebibyte);
  } finally {
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await group.remove();
  }
  expect(group.memoryBytes()).toBe(0);
}

if (groups) test('who is left in a group that is removed is ended with it', whoIsLeftEnds);
else test('groups are not ours to make here', () => expect(groups).toBeUndefined());

async function whoIsLeftEnds(): Promise<void> {
  const group = groups?.make(limits) as ControlGroup;
  const left = inside(group, 'exec sleep 1000');
  const ended = once(left, 'exit');
  const [first = ''] = group.joins;
  await until('it is in the group', () => readFileSync(first, 'utf8').trim() === String(left.pid));
  await group.remove();
  expect(await ended).toEqual([null, 'SIGKILL']);
  for (const file of group.joins) expect(existsSync(dirname(file))).toBe(false);
}

if (groups) test('closing waits for groups whose processes are still ending', closingWaits);
else test('there is nothing to wait for here', () => expect(groups).toBeUndefined());

async function closingWaits(): Promise<void> {
  const own = findGroups(process.pid, randomHex(4), systemClock);
  const group = own?.make({ ...limits, tasksMax: 64 }) as ControlGroup;
  const [first = ''] = group.joins;
  const left = inside(group, 'for n in 1 2 3 4 5 6 7 8; do sleep 1000 & done; wait');
  await until('all are in the group', () => readFileSync(first, 'utf8').trim().split('\n').length > 8);
  void group.remove();
  await own?.close();
  for (const file of group.joins) expect(existsSync(dirname(file))).toBe(false);
  if (left.exitCode === null && left.signalCode === null) await once(left, 'exit');
}

function inside({ joins }: ControlGroup, script: string): ChildProcess {
  const join = joins.map((file) => `echo 0 >'${file}'`);
  return spawn('/bin/sh', ['-c', [...join, `exec sh -c '${script}'`].join(' && ')], { stdio: 'ignore' });
}
