import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, randomHex, systemClock } from '@relais/kit';
import { findSandbox, trySandbox } from '../../sandbox/find-sandbox.js';
import { findGroups } from '../../sandbox/groups/find-groups.js';
import type { Sandbox, SandboxName } from '../../sandbox/sandbox.js';
import { createLauncher } from '../create-launcher.js';
import type { ProcessLauncher } from '../process-launcher.js';
import { removeTree } from '../remove-tree.js';
import { testSearchPath } from './search-path.js';

/** Which sandbox the tests use; the strongest that works here unless RELAIS_TEST_SANDBOX names one. */
const wanted = process.env.RELAIS_TEST_SANDBOX as SandboxName | undefined;
const root = mkdtempSync(join(tmpdir(), 'relais-test-sandbox-'));
afterAll(() => removeTree(root));
const options = { directory: root, searchPath: testSearchPath() };
const found = wanted === undefined ? (await findSandbox(options)).sandbox : await trySandbox(wanted, options);
if (typeof found === 'string') throw new Error(found);

if (process.env.CI && wanted === undefined && !found.confines) throw new Error('CI must have a sandbox that works');

/** The sandbox of launcherForTests. */
export const testSandbox: Sandbox = found;

/** Of launcherForTests; undefined where this machine gives us none. */
export const testGroups = findGroups(process.pid, randomHex(4));
afterAll(() => testGroups?.close());

/** A launcher for a test file in a directory that is removed after its tests. */
export function launcherForTests(
  clock: Clock = systemClock,
  sandbox: Sandbox = testSandbox,
): { launcher: ProcessLauncher; directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'relais-processes-'));
  afterAll(() => removeTree(directory));
  const launcher = createLauncher({ directory, sandbox, groups: testGroups, searchPath: testSearchPath(), clock });
  return { launcher, directory };
}

export { testSearchPath };
