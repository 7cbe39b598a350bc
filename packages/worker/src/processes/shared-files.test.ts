import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rejectionOf } from '../runtimes/conformance/support.js';
import { writeSharedFiles } from './shared-files.js';

const root = mkdtempSync(join(tmpdir(), 'relais-shared-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const files = new Map([
  ['a.txt', Buffer.from('a')],
  ['lib/deep/b.txt', Buffer.from('b')],
]);

test('the files lie in a directory of their own, not to be changed, until they are removed', async () => {
  const shared = await writeSharedFiles(join(root, 'new'), files);
  expect(readFileSync(join(shared.directory, 'lib/deep/b.txt'), 'utf8')).toBe('b');
  expect(statSync(join(shared.directory, 'a.txt')).mode & 0o777).toBe(0o444);
  const other = await writeSharedFiles(join(root, 'new'), files);
  expect(other.directory).not.toBe(shared.directory);
  await Promise.all([shared.remove(), other.remove()]);
  await shared.remove();
  expect(readdirSync(join(root, 'new'))).toEqual([]);
});

test('what cannot be written leaves nothing', async () => {
  const clashing = new Map([...files, ['a.txt/b', Buffer.alloc(1)]]);
  const error = await rejectionOf(writeSharedFiles(join(root, 'failing'), clashing));
  expect([error.code, error.fields.reason]).toEqual(['unavailable', 'files_not_written']);
  expect(readdirSync(join(root, 'failing'))).toEqual([]);
});

test('a root that is no directory is told like a full disk', async () => {
  writeFileSync(join(root, 'file'), '');
  expect((await rejectionOf(writeSharedFiles(join(root, 'file'), files))).code).toBe('unavailable');
});
