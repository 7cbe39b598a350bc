import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { repositoryRoot } from './role-process.js';

const main = join(repositoryRoot, 'packages/cli/dist/main.js');
/** Takes nothing: each write fails as on a full disk. */
const fullDisk = openSync('/dev/full', 'w');
afterAll(() => closeSync(fullDisk));

test('a platform goes on when nothing more can be written to its log, and stops when asked', async () => {
  const data = mkdtempSync(join(tmpdir(), 'relais-full-log-'));
  const flags = ['--port', '0', '--data', data, '--workers', '2', '--log-level', 'debug'];
  const child = spawn(process.execPath, [main, 'up', ...flags], { stdio: ['ignore', 'pipe', fullDisk] });
  try {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const ready = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on('line', (line) => {
        const url = /^relais ready (\S+)/.exec(line)?.[1];
        if (url) resolve(url);
      });
    });
    const url = await Promise.race([ready, exited.then((code) => `ended with code ${code}`)]);
    expect(url).toMatch(/^http:/);
    for (let count = 0; count < 3; count++) {
      expect((await fetch(`${url}/functions`)).status).toBe(200);
    }
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  } finally {
    child.kill('SIGKILL');
    rmSync(data, { recursive: true, force: true });
  }
}, 60_000);

test('any other command says so where it can, and ends with code 1', async () => {
  const child = spawn(process.execPath, [main, '--help'], { stdio: ['ignore', fullDisk, 'pipe'] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(1);
  expect(said).toMatch(/^relais: the output cannot be written: .*no space left on device.*\n$/);
});
