import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { youngGenerationFlags } from '@relais/platform/young-generation';
import { Client } from './client.js';
import { repositoryRoot } from './role-process.js';
import { allInOne, removeData } from './topology.js';

function argumentsOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
}

test('workers are started with a young generation for many calls', async () => {
  const platform = await allInOne.start();
  try {
    const { body } = await new Client(platform.url).connect('ClusterService/ListWorkers', {});
    const workers = body.workers as { pid: number }[];
    expect(workers).toHaveLength(platform.workers);
    for (const { pid } of workers) expect(argumentsOf(pid)).toEqual(expect.arrayContaining([...youngGenerationFlags]));
  } finally {
    await platform.stop();
    removeData(platform.data);
  }
}, 60_000);

test.each([
  ['becomes a process with one', [], youngGenerationFlags],
  ['keeps the one that it was started with', ['--max-semi-space-size=8'], ['--max-semi-space-size=8']],
])(
  'a platform %s',
  async (_, given, expected) => {
    const main = join(repositoryRoot, 'packages/cli/dist/main.js');
    const peers = ['--storage', '127.0.0.1:9', '--balancer', '127.0.0.1:9'];
    const child = spawn(process.execPath, [...given, main, 'up', '--roles', 'gateway', '--port', '0', ...peers], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH },
    });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    let log = '';
    await new Promise<void>((resolve) => {
      child.stderr.on('data', (text: Buffer) => {
        log += text;
        if (log.includes('still waiting')) resolve();
      });
    });
    const [, ...rest] = argumentsOf(child.pid ?? 0);
    expect(rest.slice(0, rest.indexOf(main))).toEqual(expected);
    expect(log).not.toContain('Warning');
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  },
  60_000,
);
