import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testRoot } from '../compiled/testing/toolshed.js';
import { trimCache } from './build-cache.js';

const root = testRoot();
afterAll(root.remove);

function cacheOf(name: string): string {
  const directory = join(root.directory, name);
  mkdirSync(join(directory, 'ab'), { recursive: true });
  ['oldest', 'old', 'new', 'newest'].forEach((file, age) => {
    const path = join(directory, 'ab', file);
    writeFileSync(path, Buffer.alloc(100));
    utimesSync(path, age, age);
  });
  return directory;
}

test('a cache over its bound loses what was unused longest, down to half', async () => {
  const directory = cacheOf('full');
  await trimCache(directory, 399);
  expect(readdirSync(join(directory, 'ab'))).toEqual(['newest']);
});

test('a cache within its bound, or none, is left alone', async () => {
  const directory = cacheOf('fits');
  await trimCache(directory, 400);
  expect(readdirSync(join(directory, 'ab'))).toHaveLength(4);
  await expect(trimCache(join(root.directory, 'nowhere'), 1)).resolves.toBeUndefined();
});
