import { ErrorDetail, Form } from '@relais/contracts';
import { systemClock, toDetail } from '@relais/kit';
import { launcherForTests } from '../../processes/testing/launcher.js';
import { deployForTest, outputOf, rejectionOf } from '../conformance/support.js';
import { defaultRuntimeLimits } from '../limits.js';
import { createJsRuntime } from './js-runtime.js';

const { launcher } = launcherForTests();
const runtime = createJsRuntime({ limits: defaultRuntimeLimits, clock: systemClock, launcher });
afterAll(() => runtime.close());

const build = (source: string | Uint8Array, filename = 'fn.js') =>
  runtime.build({ source: Buffer.from(source), filename, config: undefined }, 20_000);

test.each([
  ['export default function () {}', Form.FORM_HANDLER],
  ['export const handler = () => 1;', Form.FORM_HANDLER],
  ['const f = () => 1;\nexport { f as handler };', Form.FORM_HANDLER],
  ['module.exports = async (event) => event;', Form.FORM_HANDLER],
  ['module.exports = { handler() {} };', Form.FORM_HANDLER],
  ['exports.handler = () => 1;', Form.FORM_HANDLER],
  ['import fs from "node:fs"; console.log(1);', Form.FORM_PROGRAM],
  ['console.log("exports.handler");', Form.FORM_PROGRAM],
  ['function main() {}\nif (require.main === module) main();\nmodule.exports = { main };', Form.FORM_PROGRAM],
  ['export const other = 1;', Form.FORM_PROGRAM],
])('%j has the form %i', async (source, form) => {
  expect((await build(source)).form).toBe(form);
});

test.each([
  ['a script', 'let a = 1;\nlet b = = 2;', 'fn.js', 2, 9],
  ['a module', 'import fs from "fs";\n\nexport const a = (;', 'fn.js', 3, 19],
  ['a module by its name', 'const a = ;', 'fn.mjs', 1, 11],
  ['a script by its name', 'import "fs";', 'fn.cjs', 1, 1],
])('says where %s is wrong', async (_what, source, filename, line, column) => {
  const error = await rejectionOf(build(source, filename));
  expect(error).toMatchObject({ code: 'invalid_argument', fields: { reason: 'compile_error' } });
  expect(error.fields.diagnostics).toEqual([
    { file: filename, line, column, severity: 'error', message: expect.stringMatching(/^SyntaxError: /) },
  ]);
});

test('a place that the source itself claims does no harm', async () => {
  const error = await rejectionOf(build('//# sourceURL=zzz\nfn.js:99999999999 (', 'fn.js'));
  expect(error.fields.reason).toBe('compile_error');
  expect(ErrorDetail.encode(toDetail(error)).finish().length).toBeGreaterThan(0);
});

test('refuses what is not UTF-8', async () => {
  const error = await rejectionOf(build(Buffer.from([0x2f, 0x2f, 0xff])));
  expect(error.fields.diagnostics?.[0]?.message).toContain('UTF-8');
});

test('never runs the source', async () => {
  expect((await build('process.exit(9);')).form).toBe(Form.FORM_PROGRAM);
});

test.each([
  [
    'a hashbang, the main module and its arguments',
    '#!/usr/bin/env node\nif (require.main === module) console.log(process.argv[1]);',
    'fn.js\n',
  ],
  ['top-level await and a dynamic import', 'const { EOL } = await import("node:os"); console.log(await 1);', '1\n'],
  [
    'a module that reads its input as a stream',
    'for await (const chunk of process.stdin) process.stdout.write(chunk);',
    'in',
  ],
])('runs a program with %s', async (_what, source, expected) => {
  const fn = await deployForTest(runtime, 'fn.js', source);
  expect(outputOf(await fn.call({ payload: 'in' })).toString()).toBe(expected);
});

test('a program whose top-level await never ends fails', async () => {
  const fn = await deployForTest(runtime, 'fn.js', 'await new Promise(() => {});');
  expect((await fn.call()).result).toMatchObject({ ok: false, error: { fields: { exit: { exitCode: 13 } } } });
});
