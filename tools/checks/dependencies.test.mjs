import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { licenceMistakes, registryLines, scriptMistakes } from './dependencies.mjs';

const root = join(import.meta.dirname, '../..');

test('the lockfile names no registry', () => {
  expect(registryLines(readFileSync(join(root, 'package-lock.json'), 'utf8'))).toEqual([]);
});

test('a lockfile that names one is found out', () => {
  const entry = (url) => `      "resolved": "${url}",`;
  const bad = ['http://mirror/x.tgz', 'https://mirror/x.tgz', 'git+ssh://host/x.git'].map(entry);
  expect(registryLines([entry('packages/kit'), ...bad].join('\n'))).toEqual(bad);
});

test('the scripts that packages run when they are installed are limited to a list of names', () => {
  const [manifest, lockfile] = ['package.json', 'package-lock.json'].map((name) =>
    JSON.parse(readFileSync(join(root, name), 'utf8')),
  );
  expect(scriptMistakes(manifest, lockfile)).toEqual([]);
});

test('such a script that nobody decided on is found out, and a decision on none', () => {
  const packages = { 'node_modules/a/node_modules/@x/b': { hasInstallScript: true }, 'node_modules/c': {} };
  expect(scriptMistakes({ allowScripts: { c: false } }, { packages })).toEqual([
    '@x/b: not decided on',
    'c: has no such script',
  ]);
});

test('every direct dependency has a licence we may ship', () => {
  expect(licenceMistakes(root)).toEqual([]);
});

describe('a dependency', () => {
  let folder;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'relais-licences-'));
    write('package.json', { devDependencies: { a: '1' } });
    write('packages/kit/package.json', { dependencies: { b: '1' } });
    write('node_modules/a/package.json', { license: 'MIT' });
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  function write(path, content) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), JSON.stringify(content));
  }

  test.each(['MIT', '(Apache-2.0 AND BSD-3-Clause)', 'GPL-3.0 OR ISC'])('of %s passes', (license) => {
    write('node_modules/b/package.json', { license });
    expect(licenceMistakes(folder)).toEqual([]);
  });

  test.each(['GPL-3.0', 'MIT AND GPL-3.0', 'SEE LICENSE IN x', undefined])('of %s is refused', (license) => {
    write('node_modules/b/package.json', { license });
    expect(licenceMistakes(folder)).toEqual([expect.stringContaining('packages/kit/package.json: b: ')]);
  });

  test("of its package's own version is the one that counts", () => {
    write('node_modules/b/package.json', { license: 'MIT' });
    write('packages/kit/node_modules/b/package.json', { license: 'GPL-3.0' });
    expect(licenceMistakes(folder)).toEqual(['packages/kit/package.json: b: GPL-3.0']);
  });

  test('that is not installed is refused', () => {
    expect(licenceMistakes(folder)).toEqual(['packages/kit/package.json: b: not installed, or without a licence']);
  });
});
