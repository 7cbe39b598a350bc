import { ManualClock } from '@relais/kit';
import { MemoryBudget } from '../../processes/memory-budget.js';
import { launcherForTests } from '../../processes/testing/launcher.js';
import { deployForTest, descendantPids, outputOf, until } from '../conformance/support.js';
import { defaultRuntimeLimits } from '../limits.js';
import { createPythonRuntime } from './python-runtime.js';

const { launcher } = launcherForTests();

test('what a fork server made counts against the budget, and idle ones are ended for it', async () => {
  const clock = new ManualClock();
  const budget = new MemoryBudget({ bytesMax: 60 * 2 ** 20, clock });
  const limits = { ...defaultRuntimeLimits, idleInstanceMs: 1e9 };
  const runtime = createPythonRuntime({ limits, clock, launcher, budget, searchPath: process.env.PATH ?? '' });
  const source =
    'import uuid\nheld = b"x" * 40_000_000\nborn = str(uuid.uuid4())\ndef handler(event, context):\n    return born\n';
  const functions = await Promise.all(Array.from({ length: 4 }, () => deployForTest(runtime, 'fn.py', source)));
  const call = async (fn: (typeof functions)[number]) => outputOf(await fn.call()).toString();
  const born: string[] = [];
  const counts: number[] = [];
  for (const fn of functions) {
    born.push(await call(fn));
    counts.push(descendantPids().size);
    clock.advance(10);
  }
  const [afterFirst = 0, , , afterAll = 0] = counts;
  const processesEach = (afterAll - afterFirst) / 3;
  await until('the first instances have been ended', () => {
    // Some twice as fast as time goes: of more, before it has killed, a fork server would count as stuck.
    clock.advance(10);
    return descendantPids().size <= afterAll - 2 * processesEach;
  });
  // From the last, so that those that live are asked before those that are started anew need their memory.
  const lives: boolean[] = [];
  for (const [index, fn] of [...functions.entries()].reverse()) lives.unshift((await call(fn)) === born[index]);
  expect(lives).toEqual([...lives].sort());
  expect([lives[0], lives[1], lives[3]]).toEqual([false, false, true]);
  await runtime.close();
});
