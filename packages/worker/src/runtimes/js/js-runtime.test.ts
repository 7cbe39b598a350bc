import { Form } from '@relais/contracts';
import { systemClock } from '@relais/kit';
import { launcherForTests } from '../../processes/testing/launcher.js';
import { runtimeConformance } from '../conformance.js';
import { createJsRuntime } from './js-runtime.js';

const { launcher } = launcherForTests();
const make = (limits: Parameters<typeof createJsRuntime>[0]['limits']) =>
  createJsRuntime({ limits, clock: systemClock, launcher });

const shared = { filename: 'probe.js', wasm: false, invalidLine: 2 };
const invalid = 'const a = 1;\nlet b = = 3;\n';

runtimeConformance('js, program', make, {
  ...shared,
  form: Form.FORM_PROGRAM,
  echoesBytes: true,
  stateSurvives: false,
  sources: {
    hello: 'console.log("hello");',
    echo: 'const fs = require("node:fs"); process.stdout.write(fs.readFileSync("/dev/stdin"));',
    exit: 'process.stderr.write("about to fail\\n"); process.exit(3);',
    crash: 'function explode() { throw new Error("boom"); }\nexplode();',
    logs: 'console.error("first line"); console.warn("second line"); process.stdout.write("done");',
    logFlood: 'process.stderr.write("x".repeat(100_000)); process.stdout.write("done");',
    environment: 'const { env } = process; process.stdout.write(env.RELAIS_INVOCATION_ID + "|" + env.GREETING);',
    flood: 'const fs = require("fs"); const chunk = "y".repeat(65536); for (;;) fs.writeSync(1, chunk);',
    unicode: 'import { stdout } from "node:process"; stdout.write("héllo, 世界 🎉");',
    endlessLines: 'const fs = require("node:fs"); for (let n = 0; ; n++) fs.writeSync(1, "line " + n + "\\n");',
    brokenStream: 'require("node:fs").writeSync(1, "so far\\n"); setTimeout(() => { throw new Error("broke"); }, 50);',
    counter: 'globalThis.n = (globalThis.n ?? 0) + 1; console.log(globalThis.n);',
    invalid,
    cgi: `const { env } = process;
process.stdout.write("Status: 201\\nX-Method: " + env.REQUEST_METHOD + "\\n\\n" + env.PATH_INFO + "?" + env.QUERY_STRING);`,
    endless: 'require("fs").writeFileSync(process.env.STARTED_FILE, String(process.pid)); for (;;) {}',
  },
});

runtimeConformance('js, handler', make, {
  ...shared,
  form: Form.FORM_HANDLER,
  echoesBytes: false,
  stateSurvives: true,
  sources: {
    hello: 'export default () => "hello\\n";',
    echo: 'exports.handler = (event) => event;',
    exit: 'export const handler = () => { process.stderr.write("about to fail\\n"); process.exit(3); };',
    crash: 'function explode() { throw new Error("boom"); }\nexport const handler = () => explode();',
    logs: 'module.exports = () => { console.log("first line"); console.error("second line"); return "done"; };',
    logFlood: 'exports.handler = () => { console.error("x".repeat(100_000)); return "done"; };',
    environment: 'export const handler = (_, context) => context.invocationId + "|" + process.env.GREETING;',
    flood: 'export function* handler() { for (;;) yield "y".repeat(65536); }',
    unicode: 'const greet = async () => "héllo, 世界 🎉"; export { greet as handler };',
    endlessLines: 'export function* handler() { for (let n = 0; ; n++) yield "line " + n + "\\n"; }',
    brokenStream: 'export async function* handler() { yield "so far\\n"; throw new Error("broke"); }',
    counter: 'let n = 0; export const handler = () => ++n;',
    spans: `export default async (_, { span, tracestate = "" }) => {
  const kept = await span("outer", async () => {
    await span("broken", async () => { throw new Error("no"); }).catch(() => {});
    return span("inner", () => "kept");
  }, { rows: 3, bad: 1n });
  for (let n = 0; n < 150; n++) span("many", () => n);
  return kept + "|" + tracestate;
};`,
    invalid: `export const handler = 1;\nlet b = = 3;\n`,
    endless: `import { writeFileSync } from "node:fs";
export const handler = () => { writeFileSync(process.env.STARTED_FILE, String(process.pid)); for (;;) {} };`,
  },
});
