import { ManualClock } from '@relais/kit';
import { MemoryBudget } from '../../processes/memory-budget.js';
import { launcherForTests } from '../../processes/testing/launcher.js';
import { deployForTest, descendantPids, outputOf, until } from '../conformance/support.js';
import { defaultRuntimeLimits } from '../limits.js';
import { createPythonRuntime } from './python-runtime.js';

const { launcher } = launcherForTests();

test('what a fork server made counts against the budget, and idle ones are ended for it', async () => {
  const clock = new ManualClock();
  const budget = new MemoryBudget({ bytesMax: 100 * 2 ** 20, clock });
  const limits = { ...defaultRuntimeLimits, idleInstanceMs: 1e9 };
  const runtime = createPythonRuntime({ limits, clock, launcher, budget, searchPath: process.env.PATH ?? '' });
  const source = 'import os\nheld = b"x" * 40_000_000\ndef handler(event, context):\n    return os.getpid()\n';
  const functions = await Promise.all(Array.from({ length: 4 }, () => deployForTest(runtime, 'fn.py', source)));
  const pids: number[] = [];
  for (const fn of functions) {
    pids.push(Number(outputOf(await fn.call()).toString()));
    clock.advance(10);
  }
  const living = () => pids.filter((pid) => descendantPids().has(pid));
  clock.advance(1000);
  await until('the first instances have been ended', () => living().length <= 2);
  expect(living().length).toBeGreaterThan(0);
  expect(living()).toEqual(pids.slice(-living().length));
  for (const fn of functions) outputOf(await fn.call());
  await runtime.close();
});
