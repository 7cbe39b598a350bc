import { join } from 'node:path';
import { systemClock } from '@relais/kit';
import type { DoorPlace, ProcessLauncher } from '../processes/process-launcher.js';
import { launcherForTests } from '../processes/testing/launcher.js';
import { deployForTest, failureOf, outputOf, type TestFunction } from '../runtimes/conformance/support.js';
import { createJsRuntime } from '../runtimes/js/js-runtime.js';
import { defaultRuntimeLimits } from '../runtimes/limits.js';

const slowTestMs = 60_000;
const { launcher } = launcherForTests();
let doors: DoorPlace | undefined;
const changed: ProcessLauncher = {
  ...launcher,
  get doors() {
    return doors;
  },
};
const runtime = createJsRuntime({
  limits: { ...defaultRuntimeLimits, processesMax: 1 },
  clock: systemClock,
  launcher: changed,
});
afterAll(() => runtime.close(), slowTestMs);

const sources: Readonly<Record<string, string>> = {
  handler: 'export const handler = () => "served";',
  program: 'process.stdout.write("served");',
};

function placeIn(name: string): DoorPlace {
  if (!launcher.doors) throw new Error('these tests need a sandbox with doors');
  return { ...launcher.doors, directory: join(launcher.doors.directory, name) };
}

async function deployed(source = ''): Promise<TestFunction> {
  return deployForTest(runtime, 'f.mjs', source, { network: 'allow:far.test:80' });
}

describe.each(Object.keys(sources))('a %s whose door cannot be made', (form) => {
  test(
    'fails, and its process serves no later call',
    async () => {
      const fn = await deployed(sources[form]);
      doors = placeIn('absent');
      expect(failureOf(await fn.call()).fields.reason).toBe('process_start_failed');
      await fn.loaded.keepWarm?.(1);
      doors = launcher.doors;
      expect(outputOf(await fn.call()).toString()).toBe('served');
      await fn.loaded.close();
    },
    slowTestMs,
  );

  test(
    'says so where the path is too long for a socket',
    async () => {
      const fn = await deployed(sources[form]);
      doors = placeIn('x'.repeat(100));
      const { code, fields, message } = failureOf(await fn.call());
      expect([code, fields.reason]).toEqual(['failed_precondition', 'network_unavailable']);
      expect(message).toContain('Start Relais with a shorter TMPDIR.');
      await fn.loaded.close();
    },
    slowTestMs,
  );
});

test(
  'one kept warm whose door could not be made serves no call',
  async () => {
    const fn = await deployed(sources.handler);
    doors = placeIn('absent');
    await fn.loaded.keepWarm?.(1);
    expect(runtime.instances?.().idle).toBe(0);
    doors = launcher.doors;
    expect(outputOf(await fn.call()).toString()).toBe('served');
  },
  slowTestMs,
);
