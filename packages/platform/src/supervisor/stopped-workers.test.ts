import { type ChildProcess, spawn } from 'node:child_process';
import { isStopped } from '@relais/kit';
import { StoppedWorkers } from './stopped-workers.js';

let child: ChildProcess;

beforeEach(() => {
  child = spawn('sleep', ['60'], { stdio: 'ignore' });
});

afterEach(async () => {
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
});

/** Resolves when the kernel has done it. */
async function signal(name: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
  const pid = child.pid ?? 0;
  const endMs = performance.now() + 5000;
  child.kill(name);
  while (isStopped(pid) !== (name === 'SIGSTOP')) {
    if (performance.now() > endMs) throw new Error(`${name} had no effect`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a worker counts as stopped when one of its processes is in two looks in a row', async () => {
  const stopped = new StoppedWorkers();
  const [runs, worker] = [{ pids: [process.pid] }, { pids: [process.pid, child.pid ?? 0] }];
  const look = () => stopped.look([runs, worker]);
  await signal('SIGSTOP');
  expect(look()).toEqual([]);
  await signal('SIGCONT');
  expect(look()).toEqual([]);
  await signal('SIGSTOP');
  expect(look()).toEqual([]);
  expect(look()).toEqual([worker]);
});

test('one that is gone is not stopped', () => {
  const stopped = new StoppedWorkers();
  const gone = { pids: [2 ** 30] };
  expect([stopped.look([gone]), stopped.look([gone])]).toEqual([[], []]);
});
