import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stop } from 'esbuild';
import { list } from 'tar';
import { checkedSettings } from './settings.js';
import { prepare, type Wishes } from './source.js';

const wishes: Wishes = { settings: {}, update: false, bundle: true };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relais-source-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

// It keeps a process for the next bundle.
afterAll(() => stop());

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

const textOf = (source: string | Uint8Array) => (typeof source === 'string' ? source : Buffer.from(source).toString());

async function entriesOf(archive: string | Uint8Array): Promise<string[]> {
  const names: string[] = [];
  const file = join(folder, '.archive');
  writeFileSync(file, archive);
  await list({ file, onReadEntry: (entry) => names.push(entry.path) });
  return names;
}

test('a file is sent as it is, named after itself', async () => {
  write({ 'my prog.c': 'int main(void) { return 0; }\n' });
  const { deployment, made } = await prepare('my prog.c', folder, wishes);
  expect([deployment.name, deployment.filename, made]).toEqual(['my-prog', 'my prog.c', 'one file']);
  expect(textOf(deployment.source)).toBe('int main(void) { return 0; }\n');
});

test('JavaScript that imports nothing stays as it was written', async () => {
  write({ 'a.js': "import { join } from 'node:path';\nexport default () => join('a', 'b');\n" });
  const { deployment } = await prepare('a.js', folder, wishes);
  expect(textOf(deployment.source)).toBe("import { join } from 'node:path';\nexport default () => join('a', 'b');\n");
});

test('what JavaScript imports is bundled, CommonJS packages too, and all of it is watched', async () => {
  write({
    'app/package.json': '{"main":"src/start.ts"}',
    'app/src/start.ts':
      "import shout from 'shout';\nimport { two } from './two.ts';\nexport default (x: string) => shout(x) + two;\n",
    'app/src/two.ts': 'export const two: number = 2;\n',
    'app/node_modules/shout/package.json': '{"name":"shout","main":"m.js"}',
    'app/node_modules/shout/m.js':
      "const { format } = require('node:util');\nmodule.exports = (x) => format(x).toUpperCase();\n",
  });
  const { deployment, made, watched } = await prepare('app', folder, wishes);
  expect([deployment.name, deployment.filename, made]).toEqual(['app', 'start.mjs', 'bundle of 3 files']);
  expect(watched).toContain(join(folder, 'app/src/two.ts'));
  const file = join(folder, 'bundle.mjs');
  writeFileSync(file, deployment.source);
  const { default: call } = await import(file);
  expect(call('a')).toBe('A2');
});

test('a package that is not installed is told with its place', async () => {
  write({ 'a.js': "\nimport x from 'absent-package';\nexport default x;\n" });
  await expect(prepare('a.js', folder, wishes)).rejects.toMatchObject({
    reason: 'compile_error',
    diagnostics: [
      { file: 'a.js', line: 2, column: 15, message: expect.stringContaining('npm install absent-package') },
    ],
  });
});

test('a directory of another language is an archive without what nobody needs', async () => {
  write({
    'p/main.py': 'import lib\n',
    'p/lib.py': '',
    'p/__pycache__/x.pyc': '',
    'p/.git/HEAD': '',
    'p/data/big.csv': '1',
    'p/relais.toml': 'memoryMb = 256\nexclude = ["data"]\n[env]\nA = "1"\n',
  });
  const { deployment, made } = await prepare('p', folder, { ...wishes, settings: { env: { A: '2' } } });
  expect([deployment.name, deployment.lang, made]).toEqual(['p', 'python', 'archive of 2 files']);
  expect(deployment.config).toMatchObject({ memoryMb: 256, env: { A: '2' } });
  expect(await entriesOf(deployment.source)).toEqual(['lib.py', 'main.py']);
});

test('the same files make the same archive', async () => {
  write({ 'p/main.py': 'x = 1\n', 'p/b.py': '' });
  const first = await prepare('p', folder, wishes);
  write({ 'p/main.py': 'x = 1\n' });
  expect(
    Buffer.compare(
      Buffer.from(first.deployment.source),
      Buffer.from((await prepare('p', folder, wishes)).deployment.source),
    ),
  ).toBe(0);
});

test('settings beside a file count only when they are its own', async () => {
  write({ 'relais.toml': 'name = "shop"\nentry = "a.py"\n', 'a.py': '', 'b.py': '' });
  expect((await prepare('a.py', folder, wishes)).deployment.name).toBe('shop');
  expect((await prepare('b.py', folder, wishes)).deployment.name).toBe('b');
});

test.each([
  ['a file that is not there', 'absent.c', 'no_such_file'],
  ['a directory of nothing', 'empty', 'wrong_use'],
  ['a directory nobody can tell the language of', 'odd', 'wrong_use'],
])('%s is refused', async (_what, path, reason) => {
  mkdirSync(join(folder, 'empty'));
  write({ 'odd/x.cobol': '', 'odd/y.cobol': '' });
  await expect(prepare(path, folder, wishes)).rejects.toMatchObject({ code: 'invalid_argument', reason });
});

test('every mistake of a settings file is told at once', () => {
  const text = 'naem = "x"\ntimeoutMs = "soon"\nisolation = "some"\n[env]\nA = 1\n';
  expect(() => checkedSettings('relais.toml', text)).toThrow(
    expect.objectContaining({
      reason: 'bad_settings',
      message: expect.stringMatching(
        /naem[\s\S]*timeoutMs: must be a whole[\s\S]*isolation: must be "fresh"[\s\S]*env: /,
      ),
    }),
  );
  expect(() => checkedSettings('relais.toml', 'a = \n')).toThrow(/line 1/);
});

test.each([
  ['a file', 'huge.js', 'huge.js'],
  ['what a name leads to, which has no end', '/dev/zero', 'zero'],
])('%s larger than any platform takes is refused before all of it is read', async (_what, path, shown) => {
  write({ 'huge.js': '' });
  truncateSync(join(folder, 'huge.js'), 3 * 2 ** 30);
  await expect(prepare(path, folder, { ...wishes, settings: { lang: 'c' } })).rejects.toMatchObject({
    code: 'invalid_argument',
    reason: 'too_large',
    message: `"${shown}" is larger than 64 MiB, more than any platform takes.`,
  });
});
