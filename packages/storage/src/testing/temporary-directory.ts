import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new directory of the test's own, gone when `remove` resolves. */
export async function temporaryDirectory(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'relais-storage-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
