import type { BuildWork } from '@relais/contracts';
import { ManualClock } from '@relais/kit';
import type { ProcessLauncher } from '../processes/process-launcher.js';
import { tarGzOf } from '../sources/testing/tar-archive.js';
import type { WasmEngine } from '../wasm/engine.js';
import { createCRuntime } from './c/c-runtime.js';
import type { ClangCompiler } from './c/clang-compiler.js';
import { checkSyntax as checkJs } from './js/syntax.js';
import { defaultRuntimeLimits } from './limits.js';
import { checkSyntax as checkPhp } from './php/syntax.js';
import { checkSyntax as checkPython } from './python/syntax.js';

const budgetMs = 20_000;
const interpreter = { path: '/bin/interpreter', version: '', readable: [] };
const notStarted = new Error('not started');

test.each<[string, string, (launcher: ProcessLauncher, clock: ManualClock, work: BuildWork) => Promise<unknown>]>([
  ['js', 'index.mjs', (launcher, clock, work) => checkJs(launcher, clock, 'js', work, budgetMs)],
  ['python', 'main.py', (launcher, clock, work) => checkPython(launcher, clock, interpreter, work, budgetMs)],
  ['php', 'index.php', (launcher, clock, work) => checkPhp(launcher, clock, interpreter, work, budgetMs)],
])('what unpacking took %s is taken off the time of its tool', async (_lang, entry, check) => {
  const clock = new ManualClock();
  const seconds: (number | undefined)[] = [];
  const launcher: ProcessLauncher = {
    async launch({ cpuSecondsMax }) {
      seconds.push(cpuSecondsMax);
      throw notStarted;
    },
    async shareFiles() {
      clock.advance(15_000);
      return { directory: '/srv/functions/files', remove: async () => {} };
    },
    doors: undefined,
  };
  const work = { source: tarGzOf({ [entry]: '', other: '' }), filename: 'app.tar.gz', config: undefined };
  await expect(check(launcher, clock, work)).rejects.toBe(notStarted);
  expect(new Set(seconds)).toEqual(new Set([5]));
});

test('what unpacking took C is taken off the time of its compiler', async () => {
  const clock = new ManualClock();
  const budgets: number[] = [];
  const compiler = {
    clock,
    async compile(_request: unknown, givenMs: number) {
      budgets.push(givenMs);
      throw notStarted;
    },
  } as unknown as ClangCompiler;
  const runtime = createCRuntime({ engine: {} as WasmEngine, compiler, limits: defaultRuntimeLimits });
  const work = { source: tarGzOf({ 'main.c': '', other: '' }), filename: 'app.tar.gz', config: undefined };
  const building = runtime.build(work, budgetMs);
  // It unpacks now, for which it waits on other threads.
  clock.advance(15_000);
  await expect(building).rejects.toBe(notStarted);
  expect(budgets).toEqual([5000]);
});
