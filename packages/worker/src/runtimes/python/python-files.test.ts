import { Form } from '@relais/contracts';
import { systemClock } from '@relais/kit';
import { launcherForTests, testSearchPath } from '../../processes/testing/launcher.js';
import { sharedNames } from '../../processes/testing/shared-names.js';
import { tarGzOf } from '../../sources/testing/tar-archive.js';
import { zipOf } from '../../sources/testing/zip-archive.js';
import { deployForTest, failureOf, namesHostPath, outputOf, rejectionOf } from '../conformance/support.js';
import { defaultRuntimeLimits } from '../limits.js';
import { createPythonRuntime } from './python-runtime.js';

const { launcher, directory } = launcherForTests();
const options = { limits: defaultRuntimeLimits, clock: systemClock, launcher, searchPath: testSearchPath() };
const runtime = createPythonRuntime(options);
afterAll(() => runtime.close());

type Files = Readonly<Record<string, string>>;
const deploy = (files: Files, config = {}) => deployForTest(runtime, 'main.py', zipOf(files), config);
const build = (files: Files) =>
  runtime.build({ source: tarGzOf(files), filename: 'main.py', config: undefined }, 20_000);

async function outputFor(files: Files, config = {}): Promise<string> {
  const fn = await deploy(files, config);
  const output = outputOf(await fn.call()).toString();
  await fn.loaded.close();
  return output;
}

const vendored = {
  'greeter/__init__.py': 'from .words import hi',
  'greeter/words.py': 'import json\nhi = json.dumps("hi")',
  'helper.py': 'name = "world"',
};

test.each([
  [
    'a handler',
    'import greeter, helper\ndef handler(event, context): return greeter.hi + helper.name',
    Form.FORM_HANDLER,
  ],
  ['a program', 'import greeter, helper\nprint(greeter.hi + helper.name, end="")', Form.FORM_PROGRAM],
])('%s imports a vendored package and a module', async (_what, source, form) => {
  const fn = await deploy({ 'main.py': source, ...vendored });
  expect([fn.built.form, fn.built.artifact.length]).toEqual([form, 0]);
  expect(outputOf(await fn.call()).toString()).toBe('"hi"world');
  await fn.loaded.close();
});

test.each([
  [
    'a handler',
    'from . import words\nfrom shared import mark\ndef handler(event, context): return __name__ + words.hi + mark',
    'app.start"hi"!',
  ],
  [
    'a program',
    'from . import words\nfrom shared import mark\nprint(__name__ + words.hi + mark, end="")',
    '__main__"hi"!',
  ],
])('%s inside a package imports its neighbours', async (_what, source, expected) => {
  const files = {
    'app/__init__.py': '',
    'app/words.py': 'hi = \'"hi"\'',
    'app/start.py': source,
    'shared.py': 'mark = "!"',
  };
  expect(await outputFor(files, { entry: 'app/start.py' })).toBe(expected);
});

test('a module that imports the entry gets the module that runs', async () => {
  const files = {
    'main.py': 'count = 0\nimport other\ndef handler(event, context):\n    other.add()\n    return count',
    'other.py': 'def add():\n    import main\n    main.count += 1',
  };
  expect(await outputFor(files)).toBe('1');
});

test('a program finds its files in the directory it runs in', async () => {
  const source = 'import sys\nprint(open("a.txt").read(), sys.argv[0] == __file__, end="")';
  expect(await outputFor({ 'main.py': source, 'a.txt': 'text' })).toBe('text True');
});

const broken = { 'lib/__init__.py': '', 'lib/f.py': 'def f():\n    raise ValueError("boom")' };

test('a traceback names the files by their own paths', async () => {
  const fn = await deploy({ 'main.py': 'from lib.f import f\ndef handler(event, context):\n    f()', ...broken });
  const stack = failureOf(await fn.call()).fields.exit?.stack ?? '';
  expect(stack).toContain('File "main.py", line 3');
  expect(stack).toContain('File "lib/f.py", line 2');
  expect(namesHostPath(stack)).toBe(false);
  await fn.loaded.close();
});

test('so do the logs of a program that crashed', async () => {
  const fn = await deploy({ 'main.py': 'from lib.f import f\nf()', ...broken });
  const outcome = await fn.call();
  expect(outcome.logs).toContain('File "lib/f.py", line 2');
  expect(namesHostPath(outcome.logs)).toBe(false);
  await fn.loaded.close();
});

test.each([
  ['the entry', { 'main.py': 'a = 1\nb = = 2', 'b.py': '' }, 'main.py', 2, 5],
  ['another file', { 'main.py': '', 'lib/b.py': '\n\nfor', 'lib/c.py': '' }, 'lib/b.py', 3, 4],
])('a syntax error in %s says where it is', async (_what, files, file, line, column) => {
  const error = await rejectionOf(build(files));
  expect(error.fields.diagnostics).toEqual([
    { file, line, column, severity: 'error', message: expect.stringMatching(/^SyntaxError: /) },
  ]);
});

test('an archive that is none is refused when built, and leaves nothing', async () => {
  const source = Buffer.concat([zipOf({ 'main.py': '' }), Buffer.from('x')]);
  const error = await rejectionOf(runtime.build({ source, filename: 'main.py', config: undefined }, 20_000));
  expect([error.code, error.fields.reason]).toEqual(['invalid_argument', 'bad_archive']);
  expect(sharedNames(directory)).toEqual([]);
});
