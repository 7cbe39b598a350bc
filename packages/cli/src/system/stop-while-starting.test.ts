import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from './role-process.js';

test('a role whose peers are away stops when asked, before it was ever ready', async () => {
  const main = join(repositoryRoot, 'packages/cli/dist/main.js');
  const peers = ['--storage', '127.0.0.1:9', '--balancer', '127.0.0.1:9'];
  const child = spawn(process.execPath, [main, 'up', '--roles', 'gateway', '--port', '0', ...peers], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await new Promise<void>((resolve) => {
    child.stderr.on('data', (text: Buffer) => {
      if (text.includes('still waiting')) resolve();
    });
  });
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
}, 60_000);
