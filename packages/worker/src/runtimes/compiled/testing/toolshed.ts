import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@relais/kit';
import { createLauncher } from '../../../processes/create-launcher.js';
import { testGroups, testSandbox } from '../../../processes/testing/launcher.js';
import type { Sandbox } from '../../../sandbox/sandbox.js';
import { WasmEngine } from '../../../wasm/engine.js';
import { defaultRuntimeLimits, type RuntimeLimits } from '../../limits.js';
import type { Runtime } from '../../runtime.js';

/** What a runtime with a compiler of this machine needs, in a directory of its own below `root`. */
export function toolOptions(
  root: string,
  limits: RuntimeLimits = defaultRuntimeLimits,
  searchPath = process.env.PATH ?? '',
  sandbox: Sandbox = testSandbox,
) {
  const scratchDirectory = mkdtempSync(join(root, 'scratch-'));
  return {
    engine: new WasmEngine({ limits, clock: systemClock }),
    limits,
    clock: systemClock,
    launcher: createLauncher({
      directory: scratchDirectory,
      searchPath,
      clock: systemClock,
      sandbox,
      groups: testGroups,
    }),
    searchPath,
    scratchDirectory,
    cacheDirectory: join(root, 'cache'),
  };
}

/** A directory for a test file; remove it in afterAll. */
export function testRoot(): { directory: string; remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'relais-tools-'));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }) };
}

/**
 * Registers the tests of a language when this machine can build it; else one skipped test that says how to make it. Takes a
 * runtime of its own and closes it.
 */
export async function whereBuilt(runtime: Runtime, register: () => void): Promise<void> {
  const { lang, builds, reason } = await runtime.probe();
  await runtime.close();
  if (builds) register();
  else test.skip(`${lang}: ${reason}`, () => {});
}

/** A file of the repository's examples. */
export function exampleSource(name: string): Buffer {
  return readFileSync(new URL(`../../../../../../examples/${name}`, import.meta.url));
}
