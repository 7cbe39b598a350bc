import { existsSync } from 'node:fs';
import { join } from 'node:path';
import LongestFirst from './longest-first.mjs';

const root = join(import.meta.dirname, '../..');
const config = { cacheDirectory: join(root, 'no-such-cache'), id: 'none', name: 'none' };
const testOf = (path, bytes) => ({
  path: join(root, path),
  context: { config, hasteFS: { getSize: () => bytes } },
});

test('the scenarios of whole platforms come first, and then the greatest file', () => {
  const small = testOf('packages/kit/dist/small.test.js', 10);
  const great = testOf('packages/kit/dist/great.test.js', 1000);
  const fourRoles = testOf('packages/cli/dist/system/four-roles.test.js', 2);
  const allInOne = testOf('packages/cli/dist/system/all-in-one.test.js', 1);
  expect([fourRoles, allInOne].map(({ path }) => existsSync(path))).toEqual([true, true]);
  const ordered = new LongestFirst({ globalConfig: {}, contexts: [] }).sort([small, allInOne, great, fourRoles]);
  expect(ordered).toEqual([fourRoles, allInOne, great, small]);
});
