import { Isolation } from '@relais/contracts';
import { systemClock } from '@relais/kit';
import { testEngine } from '../../wasm/testing/load.js';
import { slowTestMs } from '../conformance/subject.js';
import { deployForTest, failureOf, outputOf, rejectionOf } from '../conformance/support.js';
import { defaultRuntimeLimits as limits } from '../limits.js';
import { createWasmRuntime } from '../wasm/wasm-runtime.js';
import { createCRuntime } from './c-runtime.js';
import { ClangCompiler } from './clang-compiler.js';

const engine = testEngine({ liveMemoryBytesMax: 3 * 2 ** 20 });
const runtime = createCRuntime({ engine, compiler: new ClangCompiler(systemClock, slowTestMs), limits });
afterAll(() => runtime.close());

const reuse = { isolation: Isolation.ISOLATION_REUSE };
/** Counts its calls; the first letter of the payload says how this one ends. */
const source = `
#include <stdio.h>
#include <stdlib.h>
static int calls;
static char *volatile kept;
int main(void) {
  int how = getchar();
  printf("%d", ++calls);
  if (how == 'e') exit(0);
  if (how == 'r') return 3;
  if (how == 't') __builtin_trap();
  if (how == 'g') kept = calloc(1, 2 << 20);
  return 0;
}`;

test(
  'an instance whose call exits, fails or traps is not used again',
  async () => {
    const fn = await deployForTest(runtime, 'main.c', source, reuse);
    const next = async () => outputOf(await fn.call()).toString();
    expect([await next(), await next()]).toEqual(['1', '2']);
    // What was in a buffer when a call exits is written, as when a process does.
    expect(outputOf(await fn.call({ payload: 'e' })).toString()).toBe('3');
    expect([await next(), await next()]).toEqual(['1', '2']);
    expect(failureOf(await fn.call({ payload: 'r' })).fields.exit?.exitCode).toBe(3);
    expect(await next()).toBe('1');
    expect(failureOf(await fn.call({ payload: 't' })).message).toContain('trapped');
    expect(await next()).toBe('1');
    await fn.loaded.close();
  },
  slowTestMs,
);

test(
  'a memory that grew is kept, within what all may hold',
  async () => {
    const fn = await deployForTest(runtime, 'main.c', source, reuse);
    const other = await deployForTest(runtime, 'main.c', source, reuse);
    const outputs = [await fn.call({ payload: 'g' }), await fn.call(), await other.call()];
    expect(outputs.map((outcome) => outputOf(outcome).toString())).toEqual(['1', '2', '1']);
    expect(engine.liveMemoryBytes).toBeGreaterThan(2 * 2 ** 20);
    // The third of these would be more than there may be: the one used longest ago goes.
    outputOf(await other.call({ payload: 'g' }));
    expect(engine.liveMemoryBytes).toBeLessThanOrEqual(3 * 2 ** 20);
    expect(outputOf(await fn.call()).toString()).toBe('1');
    await fn.loaded.close();
    await other.loaded.close();
    expect(engine.liveMemoryBytes).toBe(0);
  },
  slowTestMs,
);

test(
  'the build measures what each isolation costs',
  async () => {
    const { built, loaded } = await deployForTest(runtime, 'main.c', source);
    await loaded.close();
    const { basis, newUs, resetUs, reuseUs } = built.isolationCost ?? { basis: '' };
    expect(basis).toBe('build');
    expect(newUs).toBeGreaterThan(resetUs as number);
    expect(resetUs).toBeGreaterThan(reuseUs as number);
    expect(reuseUs).toBeGreaterThanOrEqual(0);
  },
  slowTestMs,
);

test(
  'a prebuilt program cannot be used again, and is told so at deploy',
  async () => {
    const { built, loaded } = await deployForTest(runtime, 'main.c', source);
    await loaded.close();
    const prebuilt = createWasmRuntime({ engine });
    const error = await rejectionOf(deployForTest(prebuilt, 'main.wasm', built.artifact, reuse));
    expect([error.code, error.fields.reason]).toEqual(['invalid_argument', 'compile_error']);
    expect(error.message).toContain('"relais_run"');
  },
  slowTestMs,
);
