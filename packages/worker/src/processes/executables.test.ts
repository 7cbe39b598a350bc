import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findExecutable, findExecutables } from './executables.js';

const root = mkdtempSync(join(tmpdir(), 'relais-executables-'));
afterAll(() => rmSync(root, { recursive: true }));

function put(directory: string, mode: number): string {
  const path = join(root, directory, 'tool');
  mkdirSync(join(root, directory), { recursive: true });
  writeFileSync(path, directory);
  chmodSync(path, mode);
  return path;
}

test('finds every executable in the order of the path, each file once', async () => {
  const [first, second] = [put('first', 0o755), put('second', 0o755)];
  put('data', 0o644);
  symlinkSync(join(root, 'first'), join(root, 'link'));
  const path = [...['data', 'nowhere', 'first', 'link', 'second'].map((name) => join(root, name)), 'relative'].join(
    ':',
  );
  expect(await findExecutables('tool', path)).toEqual([first, second]);
  expect(await findExecutable('tool', path)).toBe(first);
  expect(await findExecutable('other', path)).toBeUndefined();
});
