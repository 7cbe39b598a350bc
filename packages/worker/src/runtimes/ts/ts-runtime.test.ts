import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Form } from '@relais/contracts';
import { systemClock } from '@relais/kit';
import { launcherForTests } from '../../processes/testing/launcher.js';
import { deployForTest, failureOf, outputOf, rejectionOf } from '../conformance/support.js';
import { runtimeConformance } from '../conformance.js';
import { defaultRuntimeLimits } from '../limits.js';
import { createTsRuntime } from './ts-runtime.js';

const { launcher } = launcherForTests();
const make = (limits: Parameters<typeof createTsRuntime>[0]['limits']) =>
  createTsRuntime({ limits, clock: systemClock, launcher });

const shared = { filename: 'probe.ts', wasm: false, invalidLine: 2 };

runtimeConformance('ts, program', make, {
  ...shared,
  form: Form.FORM_PROGRAM,
  echoesBytes: true,
  stateSurvives: false,
  sources: {
    hello: 'const text: string = "hello"; console.log(text);',
    echo: 'import fs from "node:fs"; const input: Buffer = fs.readFileSync("/dev/stdin"); process.stdout.write(input);',
    exit: 'process.stderr.write("about to fail\\n"); process.exit(3 as number);',
    crash: 'function explode(): never { throw new Error("boom"); }\nexplode();',
    logs: 'console.error("first line"); console.warn("second line"); process.stdout.write("done" satisfies string);',
    logFlood: 'process.stderr.write("x".repeat(100_000)); process.stdout.write("done");',
    environment:
      'const env = process.env as Record<string, string>; process.stdout.write(env.RELAIS_INVOCATION_ID + "|" + env.GREETING);',
    flood: 'import fs from "fs"; const chunk: string = "y".repeat(65536); for (;;) fs.writeSync(1, chunk);',
    unicode: 'import { stdout } from "node:process"; stdout.write("héllo, 世界 🎉" as string);',
    endlessLines:
      'import { writeSync } from "node:fs"; for (let n: number = 0; ; n++) writeSync(1, "line " + n + "\\n");',
    brokenStream:
      'import { writeSync } from "node:fs"; writeSync(1, "so far\\n"); setTimeout((): never => { throw new Error("broke"); }, 50);',
    counter: 'const all = globalThis as { n?: number }; all.n = (all.n ?? 0) + 1; console.log(all.n);',
    invalid: 'const a: number = 1;\nlet b: = 3;\n',
    cgi: `const { env }: { env: any } = process;
process.stdout.write("Status: 201\\nX-Method: " + env.REQUEST_METHOD + "\\n\\n" + env.PATH_INFO + "?" + env.QUERY_STRING);`,
    endless:
      'import { writeFileSync } from "fs"; writeFileSync(process.env.STARTED_FILE!, String(process.pid)); for (;;) {}',
  },
});

runtimeConformance('ts, handler', make, {
  ...shared,
  form: Form.FORM_HANDLER,
  echoesBytes: false,
  stateSurvives: true,
  sources: {
    hello: 'export default (): string => "hello\\n";',
    echo: 'exports.handler = (event: unknown) => event;',
    exit: 'export const handler = (): void => { process.stderr.write("about to fail\\n"); process.exit(3); };',
    crash: 'function explode(): never { throw new Error("boom"); }\nexport const handler = () => explode();',
    logs: 'export const handler = async (): Promise<string> => { console.log("first line"); console.error("second line"); return "done"; };',
    logFlood: 'export const handler = (): string => { console.error("x".repeat(100_000)); return "done"; };',
    environment:
      'interface Context { invocationId: string }\nexport const handler = (_: unknown, context: Context) => context.invocationId + "|" + process.env.GREETING;',
    flood: 'export function* handler(): Generator<string> { for (;;) yield "y".repeat(65536); }',
    unicode: 'const greet = async (): Promise<string> => "héllo, 世界 🎉"; export { greet as handler };',
    endlessLines: 'export function* handler(): Generator<string> { for (let n = 0; ; n++) yield "line " + n + "\\n"; }',
    brokenStream: 'export function* handler(): Generator<string> { yield "so far\\n"; throw new Error("broke"); }',
    counter: 'let n: number = 0; export const handler = () => ++n;',
    spans: `export default async (_: unknown, { span, tracestate = "" }: any): Promise<string> => {
  const kept = await span("outer", async () => {
    await span("broken", async () => { throw new Error("no"); }).catch(() => {});
    return span("inner", () => "kept");
  }, { rows: 3, bad: 1n });
  for (let n = 0; n < 150; n++) span("many", () => n);
  return kept + "|" + tracestate;
};`,
    invalid: 'export const handler = 1;\nlet b: number = = 3;\n',
    endless: `import { writeFileSync } from "node:fs";
export const handler = (): never => { writeFileSync(process.env.STARTED_FILE!, String(process.pid)); for (;;) {} };`,
  },
});

const runtime = make(defaultRuntimeLimits);
afterAll(() => runtime.close());
const deploy = (source: string) => deployForTest(runtime, 'fn.ts', source);
const build = (source: string | Uint8Array) =>
  runtime.build({ source: Buffer.from(source), filename: 'fn.ts', config: undefined }, 20_000);

test.each([
  ['an enum', 'enum Color { red, green }\nexport const handler = () => Color[1];', 'green'],
  [
    'a namespace',
    'namespace Half { export const of = (n: number) => n / 2; }\nexport default () => Half.of(3);',
    '1.5',
  ],
  [
    'parameter properties',
    'class Point { constructor(readonly x: number) {} }\nexport const handler = () => new Point(7).x;',
    '7',
  ],
  ['a type-only import', 'import type { Nothing } from "./nowhere";\nexport const handler = (): Nothing => 1;', '1'],
])('understands %s', async (_what, source, expected) => {
  const fn = await deploy(source);
  expect(outputOf(await fn.call()).toString()).toBe(expected);
  await fn.loaded.close();
});

test('the artifact is JavaScript whose lines are those of the source', async () => {
  const { artifact, form } = await build('type A = {\n  a: number;\n};\nexport const handler = (a: A) => a;');
  expect(
    artifact
      .toString()
      .split('\n')
      .map((line) => line.trimEnd()),
  ).toEqual(['', '', '', 'export const handler = (a   ) => a;']);
  expect(form).toBe(Form.FORM_HANDLER);
});

test.each([
  ['stripped', 'interface Unused {\n  a: string;\n}\n'],
  ['transformed', 'enum Color {\n  red,\n}\n'],
])('the stack of a %s source names its own lines', async (_what, head) => {
  const fn = await deploy(`${head}function explode(why: string): never {
  throw new RangeError(why);
}
export const handler = () => explode('boom');`);
  const error = failureOf(await fn.call());
  expect(error.message).toBe('The function threw RangeError: boom');
  expect(error.fields.exit?.stack).toMatch(
    /^RangeError: boom\n {4}at explode \(fn\.ts:5:9\)\n {4}at .*\(fn\.ts:7:30\)$/,
  );
});

test.each([
  ['a type that is none', 'const a = 1;\nconst b: = 2;', 2, 10],
  ['what is wrong in JavaScript too', 'const a: number = 1;\nconst a = (;', 2, 12],
  ['what only JavaScript refuses', 'const a: number = 1;\n\nbreak;', 3, 1],
])('says where %s is', async (_what, source, line, column) => {
  const error = await rejectionOf(build(source));
  expect(error).toMatchObject({ code: 'invalid_argument', fields: { reason: 'compile_error' } });
  expect(error.fields.diagnostics).toEqual([
    { file: 'fn.ts', line, column, severity: 'error', message: expect.stringMatching(/^SyntaxError: /) },
  ]);
});

test('refuses what is not UTF-8', async () => {
  const error = await rejectionOf(build(Buffer.from([0x2f, 0x2f, 0xff])));
  expect(error.fields.diagnostics?.[0]?.message).toBe('SyntaxError: The source is not valid UTF-8');
});

test('the example works', async () => {
  const fn = await deploy(readFileSync(join(import.meta.dirname, '../../../../../examples/add.ts'), 'utf8'));
  expect(outputOf(await fn.call({ payload: '{"a":2,"b":3}' })).toString()).toBe('{"sum":5}');
});
