import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomHex } from '@relais/kit';
import { until } from '../../runtimes/conformance/support.js';
import { delegatedPath, openGroup } from './delegated-group.js';

test('the delegated group is found again from the place its processes were moved to', () => {
  expect(delegatedPath('/system.slice/relais.service')).toBe('/system.slice/relais.service');
  expect(delegatedPath('/system.slice/relais.service/supervisor')).toBe('/system.slice/relais.service');
  expect(delegatedPath('/supervisor')).toBe('/');
});

describe('a directory that looks like a group', () => {
  let root: string;
  const file = (name: string) => join(root, name);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'relais-group-'));
    writeFileSync(file('cgroup.type'), 'domain\n');
    writeFileSync(file('cgroup.controllers'), 'cpu memory pids\n');
    writeFileSync(file('cgroup.subtree_control'), '\n');
    writeFileSync(file('cgroup.procs'), '');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('hands on what is missing', () => {
    writeFileSync(file('cgroup.subtree_control'), 'memory\n');
    openGroup(root, '/a.service', ['memory', 'pids']);
    expect(readFileSync(file('cgroup.subtree_control'), 'utf8')).toBe('+pids');
  });

  test('gives the processes of the platform more of the processors than functions have', () => {
    mkdirSync(file('supervisor'));
    writeFileSync(file('supervisor/cpu.weight'), '100\n');
    openGroup(root, '/a.service', ['cpu', 'memory', 'pids']);
    expect(readFileSync(file('supervisor/cpu.weight'), 'utf8')).toBe('300');
  });

  test('that hands it on already is left as it is', () => {
    writeFileSync(file('cgroup.subtree_control'), 'memory pids\n');
    openGroup(root, '/user.slice/session-1.scope', ['memory', 'pids']);
    expect(readFileSync(file('cgroup.subtree_control'), 'utf8')).toBe('memory pids\n');
    expect(existsSync(file('supervisor'))).toBe(false);
  });

  test('whose controllers were not delegated, or that others are in, is not touched', () => {
    writeFileSync(file('cgroup.controllers'), 'pids\n');
    expect(() => openGroup(root, '/a.service', ['memory', 'pids'])).toThrow('has not all of memory,pids');
    writeFileSync(file('cgroup.controllers'), 'memory pids\n');
    expect(() => openGroup(root, '/user.slice/session-1.scope', ['memory', 'pids'])).toThrow(
      'not of this service alone',
    );
    expect(existsSync(file('supervisor'))).toBe(false);
  });
});

/** A controller of the kernel's version 2 that can be handed on below `path`; undefined where there is none for us. */
interface Hierarchy {
  readonly path: string;
  readonly controller: string;
  readonly leave: () => void;
}

const hierarchy = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].map(existing).find(Boolean) ?? mounted();

function existing(path: string): Hierarchy | undefined {
  const handedOn = join(path, 'cgroup.subtree_control');
  const [controller] = existsSync(handedOn) ? readFileSync(handedOn, 'utf8').trim().split(' ') : [];
  return controller && canMake(path) ? { path, controller, leave: () => {} } : undefined;
}

/** Where the machine has version 1, root can still look at what that leaves of version 2. */
function mounted(): Hierarchy | undefined {
  const path = mkdtempSync(join(tmpdir(), 'relais-cgroup2-'));
  const unmount = () => {
    spawnSync('umount', [path]);
    rmdirSync(path);
  };
  const isMounted = spawnSync('mount', ['-t', 'cgroup2', 'none', path]).status === 0;
  const handedOn = join(path, 'cgroup.subtree_control');
  const free = isMounted ? readFileSync(join(path, 'cgroup.controllers'), 'utf8').trim().split(' ') : [];
  const controller = free.find((name) => canWrite(handedOn, `+${name}`));
  if (!controller) {
    unmount();
    return undefined;
  }
  const leave = () => {
    canWrite(handedOn, `-${controller}`);
    unmount();
  };
  return { path, controller, leave };
}

function canMake(path: string): boolean {
  const trial = join(path, `relais-trial-${randomHex(4)}`);
  try {
    mkdirSync(trial);
    rmdirSync(trial);
    return true;
  } catch {
    return false;
  }
}

function canWrite(path: string, text: string): boolean {
  try {
    writeFileSync(path, text);
    return true;
  } catch {
    return false;
  }
}

afterAll(() => hierarchy?.leave());

if (hierarchy) {
  const { controller, path } = hierarchy;
  test('a group of the kernel with processes in it hands nothing on before, and does after', async () => {
    const root = join(path, `relais-test-${randomHex(4)}`);
    mkdirSync(root);
    const sleeper = spawn('sleep', ['1000'], { stdio: 'ignore' });
    try {
      await once(sleeper, 'spawn');
      const read = (name: string) => readFileSync(join(root, name), 'utf8').trim();
      writeFileSync(join(root, 'cgroup.procs'), String(sleeper.pid));
      expect(() => writeFileSync(join(root, 'cgroup.subtree_control'), `+${controller}`)).toThrow('EBUSY');
      openGroup(root, '/x.service', [controller]);
      expect(read('cgroup.subtree_control')).toBe(controller);
      expect(read('cgroup.procs')).toBe('');
      expect(read('supervisor/cgroup.procs')).toBe(String(sleeper.pid));
      // As another process of the service does when it starts.
      openGroup(root, '/x.service', [controller]);
      expect(read('supervisor/cgroup.procs')).toBe(String(sleeper.pid));
    } finally {
      sleeper.kill('SIGKILL');
      const gone = () => [join(root, 'supervisor'), root].every(removed);
      await until('the group is removed', gone);
    }
  });
} else {
  test('what is no group of the kernel is refused', () => {
    expect(() => openGroup(join(tmpdir(), randomHex(8)), '/x.service', ['memory'])).toThrow('ENOENT');
  });
}

function removed(path: string): boolean {
  try {
    rmdirSync(path);
  } catch {
    return !existsSync(path);
  }
  return true;
}
