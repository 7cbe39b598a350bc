import { accessSync, constants, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from './client.js';
import { processTree, type RoleProcess, startRelais } from './role-process.js';
import { removeData } from './topology.js';
import { eventually } from './wait.js';

interface WorkerRow {
  readonly pid: number;
  readonly languages: readonly string[];
  readonly sandbox: { readonly tier: string; readonly missing?: readonly string[] };
}

/** Where a process is in a hierarchy of version 1 of the kernel's groups; undefined where there is none, or it has ended. */
function groupOf(pid: number | 'self', controller = 'cpu'): string | undefined {
  try {
    const told = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
    return told
      .map((line) => line.split(':'))
      .find(([, controllers]) => controllers?.split(',').includes(controller))
      ?.slice(2)
      .join(':');
  } catch {
    return undefined;
  }
}

/** Whether the kernel lets us make groups in such a hierarchy. */
function isOurs(controller: string): boolean {
  try {
    accessSync(join('/sys/fs/cgroup', controller, groupOf('self', controller) ?? 'none'), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Of a platform's processes those that come before functions, in order. */
function standingFirst({ pid }: RoleProcess): number[] {
  const all = [pid, ...processTree(pid)];
  return [...new Set(all)].filter((each) => groupOf(each)?.endsWith('-own')).sort((one, other) => one - other);
}

const sources: readonly (readonly [string, string])[] = [
  ['js', 'export default () => "in"'],
  ['python', 'def handler(event, context):\n    return "in"\n'],
  ['c', '#include <stdio.h>\nint main(void) { puts("in"); return 0; }'],
];

let data: string;
let platform: RoleProcess | undefined;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'relais-system-'));
});
afterEach(async () => {
  platform?.signal('SIGTERM');
  await platform?.exited;
  removeData(data);
});

test('what hands calls on comes before functions, and nothing that runs them does', async () => {
  platform = await startRelais(['--port', '0', '--data', data]);
  const { pid, ready } = platform;
  const client = new Client(/http:\/\/[^ ]+/.exec(ready)?.[0] ?? '');
  for (const [lang, source] of sources) {
    await client.deploy(lang, lang, source);
    await client.invoke(lang, 'null');
  }
  const { body } = await client.connect('ClusterService/ListWorkers', {});
  const workers = body.workers as WorkerRow[];
  const native = workers.filter(({ languages }) => languages.includes('js')).map((worker) => worker.pid);
  expect(native.length).toBeGreaterThan(0);
  const isShared = workers.every(
    ({ sandbox: { missing = [], tier } }) => tier === 'T3' && !missing.some((what) => what.includes('processor time')),
  );
  const expected = isShared && groupOf('self') !== undefined ? [pid, ...native].sort((a, b) => a - b) : [];
  // What is being started takes a moment to get to where it belongs.
  const first = () => standingFirst(platform as RoleProcess);
  await eventually('processes stand first', async () => String(first()) === String(expected)).catch(() => {});
  expect(first()).toEqual(expected);
}, 60_000);

test('so does a role without workers, where the kernel lets it', async () => {
  platform = await startRelais(['--roles', 'storage', '--storage-listen', '127.0.0.1:0', '--data', data]);
  const isFirst = groupOf(platform.pid)?.endsWith('-own') ?? false;
  expect(isFirst).toBe(['cpu', 'cpuacct', 'memory', 'pids'].every(isOurs));
}, 60_000);
