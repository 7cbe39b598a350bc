import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '@relais/kit';
import { createDirectLauncher } from '../direct-launcher.js';
import type { ProcessLauncher } from '../process-launcher.js';

/** A launcher for a test file in a directory that is removed after its tests. */
export function launcherForTests(clock: Clock = systemClock): { launcher: ProcessLauncher; directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'relais-processes-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return { launcher: createDirectLauncher({ directory, searchPath: testSearchPath(), clock }), directory };
}

/** Where the tests look for interpreters. */
export function testSearchPath(): string {
  return process.env.PATH ?? '/usr/bin:/bin';
}
