import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@relais/kit';
import { launcherForTests, testSearchPath } from '../../processes/testing/launcher.js';
import { deployForTest, failureOf, outputOf } from '../conformance/support.js';
import { defaultRuntimeLimits } from '../limits.js';
import { createPythonRuntime } from './python-runtime.js';

const { launcher } = launcherForTests();
const options = { limits: defaultRuntimeLimits, clock: systemClock, launcher, searchPath: testSearchPath() };
const runtime = createPythonRuntime(options);
afterAll(() => runtime.close());

const deploy = (source: string) => deployForTest(runtime, 'fn.py', source);

test('the end of a program is that of any Python program', async () => {
  const fn = await deploy(`import atexit, sys, threading, time
class Late:
    def __del__(self): print("deleted")
late = Late()
kept = open("/dev/stdout", "w") if False else open(1, "w", closefd=False)
def slow():
    time.sleep(0.05)
    print("thread")
threading.Thread(target=slow).start()
atexit.register(print, "at exit")
print("body")
kept.write("unflushed\\n")`);
  expect(
    outputOf(await fn.call())
      .toString()
      .split('\n'),
  ).toEqual(['body', 'thread', 'at exit', 'deleted', 'unflushed', '']);
});

test.each([
  ['sys.exit()', 0, ''],
  ['sys.exit(7)', 7, ''],
  ['sys.exit(-1)', 255, ''],
  ['sys.exit("no good")', 1, 'no good\n'],
  ['raise SystemExit(3)', 3, ''],
  ['os._exit(4)', 4, ''],
  ['sys.stdout = None', 0, ''],
])('%s ends with code %i', async (statement, exitCode, stderr) => {
  const fn = await deploy(`import os, sys\nprint("out")\n${statement}`);
  const outcome = await fn.call();
  expect(outcome.logs).toBe(stderr);
  expect(outcome.result.ok ? 0 : outcome.result.error.fields.exit?.exitCode).toBe(exitCode);
});

test('an uncaught exception goes through the hook the program has set', async () => {
  const fn = await deploy(`import sys
sys.excepthook = lambda kind, error, trace: print("hooked", error, file=sys.stderr)
raise ValueError("boom")`);
  const error = failureOf(await fn.call());
  expect(error.fields.exit).toMatchObject({ exitCode: 1, stderrTail: 'hooked boom\n' });
});

test('works with sqlite3, decimal and asyncio', async () => {
  const source = readFileSync(join(import.meta.dirname, '../../../../../examples/ledger.py'), 'utf8');
  const fn = await deployForTest(runtime, 'ledger.py', source);
  const book = [
    { account: 'rent', amount: '-850.10' },
    { account: 'wages', amount: '2000.30' },
    { account: 'rent', amount: '-849.90' },
  ];
  const outcome = await fn.call({ payload: JSON.stringify(book) });
  expect(JSON.parse(outputOf(outcome).toString())).toEqual({
    entries: 3,
    balance: '300.30',
    accounts: { rent: '-1700.00', wages: '2000.30' },
  });
  expect(outcome.logs).toBe('INFO 3 entries\n');
  const refused = failureOf(await fn.call({ payload: '[{"account":"x","amount":"much"}]' }));
  expect(refused.message).toBe('The function threw ValueError: "much" is no amount');
  expect(JSON.parse(outputOf(await fn.call({ payload: '[]' })).toString())).toMatchObject({ balance: '0.00' });
});
