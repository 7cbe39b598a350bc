import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Form, Isolation } from '@relais/contracts';
import { systemClock } from '@relais/kit';
import { launcherForTests } from '../../processes/testing/launcher.js';
import { sharedNames } from '../../processes/testing/shared-names.js';
import { tarGzOf } from '../../sources/testing/tar-archive.js';
import { zipOf } from '../../sources/testing/zip-archive.js';
import { deployForTest, failureOf, namesHostPath, outputOf, rejectionOf } from '../conformance/support.js';
import { defaultRuntimeLimits } from '../limits.js';
import { createJsRuntime } from './js-runtime.js';

const { launcher, directory } = launcherForTests();
const runtime = createJsRuntime({ limits: defaultRuntimeLimits, clock: systemClock, launcher });
afterAll(() => runtime.close());

type Files = Readonly<Record<string, string>>;
const deploy = (files: Files, config = {}) => deployForTest(runtime, 'index.js', tarGzOf(files), config);
const build = (files: Files) =>
  runtime.build({ source: zipOf(files), filename: 'index.js', config: undefined }, 20_000);
const sharedDirectories = () => sharedNames(directory);

async function outputFor(files: Files, config = {}): Promise<string> {
  const fn = await deploy(files, config);
  const output = outputOf(await fn.call()).toString();
  await fn.loaded.close();
  return output;
}

const library = {
  'node_modules/greeter/package.json': '{"main":"g.js"}',
  'node_modules/greeter/g.js': 'exports.hi = "hi";',
};
const parts = { ...library, 'lib/name.js': 'export const name = "world";', 'data/mark.json': '{"mark":"!"}' };
const esm = `import { hi } from 'greeter';
import { name } from './lib/name.js';
import data from './data/mark.json' with { type: 'json' };`;

test.each([
  ['a handler', `${esm}\nexport const handler = () => hi + name + data.mark;`, Form.FORM_HANDLER],
  ['a program', `${esm}\nprocess.stdout.write(hi + name + data.mark);`, Form.FORM_PROGRAM],
])('%s imports a file, JSON and a package', async (_what, source, form) => {
  const fn = await deploy({ 'package.json': '{"type":"module"}', 'index.js': source, ...parts });
  expect([fn.built.form, fn.built.artifact.length]).toEqual([form, 0]);
  const outcome = await fn.call();
  expect([outputOf(outcome).toString(), outcome.logs]).toEqual(['hiworld!', '']);
  await fn.loaded.close();
});

test('a module is told by its syntax, without a warning', async () => {
  const fn = await deploy({
    'index.js': 'import { b } from "./b.js";\nexport default () => b;',
    'b.js': 'export const b = 1;',
  });
  const outcome = await fn.call();
  expect([outputOf(outcome).toString(), outcome.logs]).toEqual(['1', '']);
  await fn.loaded.close();
});

test('the same in CommonJS', async () => {
  const source = `const { hi } = require('greeter');
const { mark } = require('./data/mark.json');
module.exports = () => hi + require('./lib/name').name + mark;`;
  const name = { 'lib/name.js': 'exports.name = "world";' };
  expect(await outputFor({ 'index.js': source, ...parts, ...name })).toBe('hiworld!');
});

test('a program is the main module of its process, in the directory of its files', async () => {
  const source = `const fs = require('node:fs');
if (require.main === module) console.log(process.argv.length, __filename === process.argv[1], fs.readFileSync('a.txt', 'utf8'));`;
  expect(await outputFor({ 'index.js': source, 'a.txt': 'text' })).toBe('2 true text\n');
});

test('the type of a nested package.json is that of its files', async () => {
  const files = {
    'package.json': '{"type":"module"}',
    'index.js': 'import old from "./old/a.js";\nexport default () => old.a;',
    'old/package.json': '{"type":"commonjs"}',
    'old/a.js': 'exports.a = "from CommonJS";',
  };
  expect(await outputFor(files)).toBe('from CommonJS');
});

test('the entry is the one configured', async () => {
  const files = { 'index.js': 'export default () => 1;', 'src/b.mjs': 'export default () => "b";' };
  expect(await outputFor(files, { entry: 'src/b.mjs' })).toBe('b');
});

describe('what lies around the files of a function', () => {
  beforeAll(() => {
    const outside = join(directory, 'node_modules', 'outside');
    mkdirSync(outside, { recursive: true });
    writeFileSync(join(outside, 'index.js'), 'exports.secret = 1;');
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  });

  test.each([
    [
      'import',
      'export default () => import("outside").then(() => "found", (error) => error.code);',
      'ERR_MODULE_NOT_FOUND',
    ],
    [
      'require',
      'exports.handler = () => { try { return require("outside"); } catch (e) { return e.code; } };',
      'MODULE_NOT_FOUND',
    ],
    [
      'the worker',
      'export default () => import("@relais/kit").then(() => "found", (error) => error.code);',
      'ERR_MODULE_NOT_FOUND',
    ],
  ])('%s finds no package there', async (_what, source, expected) => {
    expect(await outputFor({ 'index.js': source, 'b.txt': '' })).toBe(expected);
  });

  test('its package.json says nothing about them', async () => {
    expect(await outputFor({ 'index.js': 'module.exports = () => "CommonJS";', 'b.txt': '' })).toBe('CommonJS');
  });
});

test('a stack names the files by their own paths', async () => {
  const files = {
    'index.js': 'const { f } = require("./lib/f");\nmodule.exports = () => f();',
    'lib/f.js': 'exports.f = () => {\n  throw new Error("boom");\n};',
  };
  const fn = await deploy(files);
  const stack = failureOf(await fn.call()).fields.exit?.stack ?? '';
  expect(stack).toMatch(/^Error: boom\n {4}at .*\(lib\/f\.js:2:9\)\n {4}at .*\(index\.js:2:/);
  expect(namesHostPath(stack)).toBe(false);
  await fn.loaded.close();
});

test('so does a file that cannot be imported', async () => {
  const fn = await deploy({ 'index.js': 'export default () => import("./gone.js");', 'b.js': '' });
  const { message } = failureOf(await fn.call());
  expect(message).toContain("Cannot find module 'gone.js' imported from index.js");
  expect(namesHostPath(message)).toBe(false);
  await fn.loaded.close();
});

test('so does what node prints of a program that crashed', async () => {
  const fn = await deploy({ 'index.js': 'require("./f");', 'f.js': 'throw new Error("boom");' });
  const tail = failureOf(await fn.call()).fields.exit?.stderrTail ?? '';
  expect(tail).toContain('f.js:1');
  expect(namesHostPath(tail)).toBe(false);
  await fn.loaded.close();
});

test.each([
  ['the entry', { 'index.js': 'let a = ;', 'b.js': '' }, 'index.js', 1, 9],
  ['another file', { 'index.js': '', 'lib/b.mjs': '\nexport const a = (;' }, 'lib/b.mjs', 2, 19],
  [
    'a module by its package.json',
    { 'package.json': '{"type":"module"}', 'index.js': '', 'a.js': 'with (a) {}' },
    'a.js',
    1,
    1,
  ],
])('a syntax error in %s says where it is', async (_what, files, file, line, column) => {
  const error = await rejectionOf(build(files));
  expect(error.fields.diagnostics).toEqual([
    { file, line, column, severity: 'error', message: expect.stringMatching(/^SyntaxError: /) },
  ]);
});

test('an installed package is not checked', async () => {
  expect((await build({ 'index.js': '', 'node_modules/a/b.js': 'let = = ;' })).form).toBe(Form.FORM_PROGRAM);
});

test('an entry that is not there is refused when built', async () => {
  expect((await rejectionOf(build({ 'a.js': '', 'b.js': '' }))).fields.reason).toBe('entry_not_found');
});

test('the files are there once while the function is loaded, and gone after it', async () => {
  const before = sharedDirectories().length;
  const fn = await deploy(
    { 'index.js': 'export default () => 1;', 'b.js': '' },
    { isolation: Isolation.ISOLATION_FRESH },
  );
  await Promise.all([fn.call(), fn.call(), fn.call()]);
  expect(sharedDirectories().length).toBe(before + 1);
  await fn.loaded.close();
  expect(sharedDirectories().length).toBe(before);
});
