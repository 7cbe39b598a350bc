import { systemClock } from '@relais/kit';
import { launcherForTests } from '../../processes/testing/launcher.js';
import { tarGzOf } from '../../sources/testing/tar-archive.js';
import { deployForTest, outputOf, rejectionOf } from '../conformance/support.js';
import { defaultRuntimeLimits } from '../limits.js';
import { createTsRuntime } from './ts-runtime.js';

const { launcher } = launcherForTests();
const runtime = createTsRuntime({ limits: defaultRuntimeLimits, clock: systemClock, launcher });
afterAll(() => runtime.close());

const library = {
  'node_modules/greeter/package.json': '{"main":"g.js"}',
  'node_modules/greeter/g.js': 'exports.hi = "hi";',
  'lib/name.ts': 'export enum Name { world = "world" }\nexport interface Unused { a: string }',
  'lib/old.js': 'exports.mark = "!";',
  'types.d.ts': 'declare module "greeter";',
};
const imports = `import { hi } from 'greeter';
import { Name, type Unused } from './lib/name.ts';
import old from './lib/old.js';
const text: string = hi + Name.world + old.mark;`;

test.each([
  ['a handler', `${imports}\nexport const handler = (_: unknown): string => text;`],
  ['a program', `${imports}\nprocess.stdout.write(text satisfies string);`],
])('%s imports TypeScript, JavaScript and a package', async (_what, source) => {
  const fn = await deployForTest(runtime, 'app.tar.gz', tarGzOf({ 'index.ts': source, ...library }));
  const outcome = await fn.call();
  expect([outputOf(outcome).toString(), outcome.logs]).toEqual(['hiworld!', '']);
  await fn.loaded.close();
});

test.each([
  ['TypeScript', { 'lib/a.ts': 'const a = 1;\nconst b: = 2;' }, 'lib/a.ts', 2, 10],
  ['JavaScript', { 'lib/a.js': 'const a = 1;\nconst b = = 2;' }, 'lib/a.js', 2, 11],
])('an error in %s says where it is', async (_what, files, file, line, column) => {
  const source = tarGzOf({ 'index.ts': 'export default (): number => 1;', ...files });
  const error = await rejectionOf(runtime.build({ source, filename: 'app.tar.gz', config: undefined }, 20_000));
  expect(error.fields.diagnostics).toEqual([
    { file, line, column, severity: 'error', message: expect.stringMatching(/^SyntaxError: /) },
  ]);
});
