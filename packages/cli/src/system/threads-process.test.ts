import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuMsOf } from '@relais/kit';
import { Client } from './client.js';
import { processTree, type RoleProcess, startRelais } from './role-process.js';
import { removeData } from './topology.js';
import { eventually } from './wait.js';

const endless = 'int main(void) { volatile int n = 0; for (;;) n++; }';
const fine = '#include <stdio.h>\nint main(void) { puts("fine"); return 0; }';

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

/** The processes that run calls of WASM that may be long: node itself, not the sandbox around it. */
function threadProcesses({ pid }: RoleProcess): number[] {
  return processTree(pid).filter((each) => {
    const [program = '', ...args] = commandOf(each);
    return program.endsWith('node') && args.some((arg) => arg.endsWith('worker/threads-main.js'));
  });
}

function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

test('a process of long calls that is lost takes these with it, and nothing else', async () => {
  platform = await startRelais(['--port', '0', '--data', data, '--workers', '2']);
  const client = new Client(/http:\/\/[^ ]+/.exec(platform.ready)?.[0] ?? '');
  await client.deploy('endless', 'c', endless);
  await client.deploy('fine', 'c', fine);
  expect((await client.invoke('fine', '')).body).toMatchObject({ ok: true });
  const before = threadProcesses(platform);
  expect(before).toHaveLength(1);
  const [lost = 0] = before;
  const long = client.invoke('endless', '');
  const workMs = cpuMsOf(lost);
  await eventually('it computes', async () => cpuMsOf(lost) > workMs + 200);
  process.kill(lost, 'SIGKILL');
  expect((await long).body).toMatchObject({ ok: false, error: { reason: 'thread_lost', retryable: false } });
  for (let call = 0; call < 20; call++) {
    expect((await client.invoke('fine', '')).body).toMatchObject({ ok: true });
  }
  await eventually('there is another', async () => {
    const now = threadProcesses(platform as RoleProcess);
    return now.length === 1 && now[0] !== lost;
  });
  expect((await client.invoke('fine', '')).body).toMatchObject({ ok: true });
}, 60_000);
