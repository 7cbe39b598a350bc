import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

let folder;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relais-reporter-'));
  const config = {
    rootDir: folder,
    transform: {},
    testMatch: ['**/*.test.mjs'],
    reporters: ['default', join(import.meta.dirname, 'reporter.mjs')],
  };
  writeFileSync(join(folder, 'jest.config.json'), JSON.stringify(config));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Runs jest itself on files of that text; its status and the lines of what it said. */
function run(files, CI) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  // Both streams in one, as a terminal has them: the order between them matters.
  const line = `"${process.execPath}" --experimental-vm-modules "${jest}" --no-cache -i 2>&1`;
  const { status, stdout } = spawnSync('sh', ['-c', line], {
    cwd: folder,
    env: { ...process.env, CI },
    encoding: 'utf8',
  });
  return { status, lines: stdout.trimEnd().split('\n') };
}

const good = { 'good.test.mjs': "test('one', () => {}); test('two', () => {});" };
const skipping = {
  'skip.test.mjs':
    "describe('php', () => { test.skip('runs (apt-get install php-cli)', () => {}); }); test.todo('later');",
};
const bad = { 'bad.test.mjs': "test('one', () => { throw new Error('no'); });" };
const unloadable = { 'gone.test.mjs': "import './absent.mjs';" };

test('the last line counts, and a good run is good', () => {
  const { status, lines } = run(good, 'true');
  expect([status, lines.at(-1)]).toEqual([0, '2 passed, 0 failed, 0 skipped']);
});

test('every skip is named; alone it does not fail the run', () => {
  const { status, lines } = run({ ...good, ...skipping }, '');
  expect([status, lines.at(-1)]).toEqual([0, '2 passed, 0 failed, 2 skipped']);
  expect(lines).toEqual(expect.arrayContaining(['skipped: php › runs (apt-get install php-cli)', 'skipped: later']));
});

test('a skip fails the run where CI=true', () => {
  const { status, lines } = run({ ...good, ...skipping }, 'true');
  expect([status, lines.at(-1)]).toEqual([1, '2 passed, 0 failed, 2 skipped']);
});

test('a failure and a file that cannot be loaded both count', () => {
  const { status, lines } = run({ ...good, ...bad, ...unloadable }, '');
  expect([status, lines.at(-1)]).toEqual([1, '2 passed, 2 failed, 0 skipped']);
  expect(lines.filter((line) => /^did not run: .*gone\.test\.mjs$/.test(line))).toHaveLength(1);
});
