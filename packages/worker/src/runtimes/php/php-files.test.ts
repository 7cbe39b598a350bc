import { Form } from '@relais/contracts';
import { systemClock } from '@relais/kit';
import { launcherForTests, testSearchPath } from '../../processes/testing/launcher.js';
import { sharedNames } from '../../processes/testing/shared-names.js';
import { tarGzOf } from '../../sources/testing/tar-archive.js';
import { zipOf } from '../../sources/testing/zip-archive.js';
import { deployForTest, failureOf, namesHostPath, outputOf, rejectionOf } from '../conformance/support.js';
import { defaultRuntimeLimits } from '../limits.js';
import { createPhpRuntime } from './php-runtime.js';
import { withPhp } from './testing/with-php.js';

withPhp('PHP functions of several files', () => {
  const { launcher, directory } = launcherForTests();
  const options = { limits: defaultRuntimeLimits, clock: systemClock, launcher, searchPath: testSearchPath() };
  const runtime = createPhpRuntime(options);
  afterAll(() => runtime.close());

  type Files = Readonly<Record<string, string>>;
  const deploy = (files: Files, config = {}) => deployForTest(runtime, 'index.php', tarGzOf(files), config);
  const build = (files: Files) =>
    runtime.build({ source: zipOf(files), filename: 'index.php', config: undefined }, 20_000);

  const parts = {
    'lib/Name.php': '<?php namespace Lib; final class Name { const IT = "world"; }',
    'data/mark.json': '{"mark":"!"}',
    'vendor/broken.php': '<?php $a = = 1;',
  };
  const uses = `<?php
require __DIR__ . '/lib/Name.php';
$mark = json_decode(file_get_contents('data/mark.json'))->mark;`;

  test.each([
    ['a handler', `${uses}\nfunction handler() { global $mark; return Lib\\Name::IT . $mark; }`, Form.FORM_HANDLER],
    ['a program', `${uses}\necho Lib\\Name::IT . $mark;`, Form.FORM_PROGRAM],
  ])('runs %s of several files', async (_what, source, form) => {
    const fn = await deploy({ ...parts, 'index.php': source });
    expect(fn.built.form).toBe(form);
    expect(outputOf(await fn.call()).toString()).toBe('world!');
    await fn.loaded.close();
    expect(sharedNames(directory)).toEqual([]);
  });

  test('begins where entry says', async () => {
    const files = { 'a.php': '<?php echo "a";', 'b.php': '<?php echo "b";' };
    expect(outputOf(await (await deploy(files, { entry: 'b.php' })).call()).toString()).toBe('b');
    expect((await rejectionOf(deploy(files))).fields.reason).toBe('entry_not_found');
  });

  test.each([
    ['the entry', { 'index.php': '<?php\n$a = = 1;' }, 'index.php', 2],
    ['a file beside it', { 'index.php': '<?php echo 1;', 'lib/b.php': '<?php\n\n$b = (;' }, 'lib/b.php', 3],
    ['what only the compiler sees', { 'index.php': '<?php\n\nbreak;' }, 'index.php', 3],
  ])('says where %s is wrong', async (_what, files, file, line) => {
    const error = await rejectionOf(build(files));
    expect(error.fields.diagnostics).toEqual([
      { file, line, column: 0, severity: 'error', message: expect.stringMatching(/^(Parse|Fatal) error: /) },
    ]);
    expect(namesHostPath(`${error.message} ${JSON.stringify(error.fields.diagnostics)}`)).toBe(false);
  });

  test('a trace shows the files under their own paths', async () => {
    const files = {
      'index.php': '<?php\nrequire "lib/deep.php";\nfunction handler() { deep(); }',
      'lib/deep.php': '<?php\nfunction deep() { throw new LogicException("in " . __FILE__); }',
    };
    const error = failureOf(await (await deploy(files)).call());
    expect(error.message).toBe('The function threw LogicException: in lib/deep.php');
    expect(error.fields.exit?.stack).toBe(
      'LogicException: in lib/deep.php in lib/deep.php:2\nStack trace:\n#0 index.php(3): deep()\n#1 {main}',
    );
  });
});
