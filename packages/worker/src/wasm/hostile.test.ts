import { BuildWork } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import { failureOf, outputOf, rejectionOf } from '../runtimes/conformance/support.js';
import { createWasmRuntime } from '../runtimes/wasm/wasm-runtime.js';
import { compileProgram } from './program.js';
import { assemble } from './testing/assemble.js';
import { CModules } from './testing/c-modules.js';
import { observed, run, testEngine, testVersion } from './testing/load.js';
import { webAssembly } from './webassembly.js';

const slowTestMs = 90_000;
const attemptsMax = 100;
const modules = new CModules();
afterAll(() => modules.close());

const funcref = 0x70;
/** LEB128 of two million, of 65,536 and of 65,537. */
const [twoMillion, pages4GiB, pagesBeyond] = [
  [0x80, 0x89, 0x7a],
  [0x80, 0x80, 4],
  [0x81, 0x80, 4],
];
const loopForEver = [0x03, 0x40, 0x0c, 0, 0x0b];
const smallTables = (count: number) => Array.from({ length: count }, () => [funcref, 0, 1]);

test.each([
  ['a table of two million entries', assemble({ start: [], tables: [[funcref, 0, ...twoMillion]] }), /2000000 entries/],
  ['seventeen tables', assemble({ start: [], tables: smallTables(17) }), /17 tables/],
  ['a 64-bit table', assemble({ start: [], tables: [[funcref, 4, 1]] }), /64-bit/],
  ['a memory beyond 4 GiB', assemble({ start: [], memory: [0, ...pagesBeyond] }), /memory/],
])('refuses %s', async (_what, module, message) => {
  const error = await rejectionOf(compileProgram(module, 4096));
  expect(error.code).toBe('invalid_argument');
  expect(error.message).toMatch(message);
});

test('a memory of 4 GiB is the limit’s to refuse, and runs where the limit allows it', async () => {
  const module = assemble({ start: [], memory: [0, ...pages4GiB] });
  const error = await rejectionOf(compileProgram(module, 128));
  expect(error.fields).toMatchObject({ reason: 'memory_limit', limit: { limit: 128, used: 4096 } });
  const engine = testEngine();
  const fn = await engine.load(testVersion(4096), module);
  expect([outputOf(run(fn)), outputOf(run(fn))].map(String)).toEqual(['', '']);
  engine.close();
});

test('a table grows to its bound and no further', async () => {
  // Grows table 0 by 8000 entries until that is refused, then traps unless it has fewer than 70,000.
  const growth = [0x03, 0x40, 0xd0, funcref, 0x41, 0xc0, 0x3e, 0xfc, 15, 0, 0x41, 0x7f, 0x47, 0x0d, 0, 0x0b];
  const check = [0xfc, 16, 0, 0x41, 0xf0, 0xa2, 4, 0x4f, 0x04, 0x40, 0x00, 0x0b];
  const engine = testEngine();
  const fn = await engine.load(testVersion(), assemble({ start: [...growth, ...check], tables: [[funcref, 0, 1]] }));
  outputOf(run(fn));
  outputOf(run(fn));
  engine.close();
});

test('a start function that never ends does not run at deploy', async () => {
  const runtime = createWasmRuntime({ engine: testEngine() });
  const source = assemble({ startSection: true, start: loopForEver });
  await expect(runtime.build(BuildWork.create({ source }), 1000)).resolves.toMatchObject({ wasm: true });
});

test('a segment outside of the memory fails each call, and holds nothing', async () => {
  const engine = testEngine();
  const fn = await engine.load(testVersion(), assemble({ start: [], activeData: [0x80, 0x80, 4] }));
  for (let call = 0; call < 3; call += 1) {
    expect(failureOf(run(fn))).toMatchObject({ code: 'aborted', fault: 'function' });
    expect(engine.liveMemories).toBe(0);
  }
});

test('endless recursion fails the call alone', async () => {
  const engine = testEngine();
  const fn = await engine.load(testVersion(), assemble({ start: [0x10, 0] }));
  const other = await engine.load(testVersion(), assemble({ start: [] }));
  for (let call = 0; call < 5; call += 1) {
    expect(failureOf(run(fn)).message).toContain('stack');
    outputOf(run(other));
  }
  engine.close();
});

test.each([
  [1000, 'reset'],
  [1001, 'new'],
])('an instance with %i variables is %s for the next call', async (count, instance) => {
  const engine = testEngine();
  const globals = Array.from({ length: count }, () => [0x7f, 1, 0x41, 5]);
  const fn = await engine.load(testVersion(), assemble({ globals, start: [] }));
  expect([run(fn), run(fn)].map(({ attributes }) => attributes?.['relais.wasm.instance'])).toEqual(['new', instance]);
  engine.close();
});

test('every truncation of a module is refused in words, or runs', async () => {
  const globals = [[0x7f, 1, 0x41, 5]];
  const whole = assemble({ table: 1, data: [1, 2], globals, start: [0x23, 0, 0x1a] });
  const engine = testEngine();
  for (let length = 0; length < whole.length; length += 1) {
    const outcome = await engine.load(testVersion(), whole.subarray(0, length)).then(
      (fn) => observed(run(fn)),
      (error) => RelaisError.from(error).code,
    );
    expect([length, outcome]).toEqual([length, 'invalid_argument']);
  }
  outputOf(run(await engine.load(testVersion(), whole)));
  engine.close();
});

/** Takes address space until there is none for one memory more. */
function hoardUntilFull(hoard: object[]): void {
  const Memory = (webAssembly as unknown as { Memory: new (limits: { initial: number }) => object }).Memory;
  try {
    for (;;) hoard.push(new Memory({ initial: 1 }));
  } catch {
    // What fails is the test's own memory; the instance of the call is the next one.
  }
}

test(
  'a process whose address space is used up refuses a call as unavailable, and runs it once there is room',
  async () => {
    const engine = testEngine();
    // So many variables that each call needs an instance of its own, and room for it.
    const globals = Array.from({ length: 1001 }, () => [0x7f, 1, 0x41, 5]);
    const fn = await engine.load(testVersion(), assemble({ globals, start: [] }));
    const hoard: object[] = [];
    let outcome = run(fn);
    // What earlier tests dropped is given back on V8's own threads, so room may come after the hoard found none.
    for (let attempt = 0; outcome.result.ok && attempt < attemptsMax; attempt += 1) {
      hoardUntilFull(hoard);
      outcome = run(fn);
    }
    const error = failureOf(outcome);
    expect([error.code, error.fields.reason, error.fault]).toEqual(['unavailable', 'memory_exhausted', 'platform']);
    expect(engine.liveMemories).toBe(0);
    hoard.length = 0;
    outputOf(run(fn));
    engine.close();
  },
  slowTestMs,
);
