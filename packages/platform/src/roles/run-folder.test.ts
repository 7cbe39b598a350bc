import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunFolder } from './run-folder.js';

/** Above the largest process id of any Linux. */
const deadPid = 4_194_305;

test('makes a private folder, takes away those of dead processes, leaves those of living ones', async () => {
  const ofDead = join(tmpdir(), `relais-run-${deadPid}-0123abcd`);
  const ofLiving = join(tmpdir(), `relais-run-${process.ppid}-0123abcd`);
  for (const folder of [ofDead, ofLiving]) mkdirSync(join(folder, 'inner'), { recursive: true });
  const folder = new RunFolder();
  await folder.start();
  expect([existsSync(ofDead), existsSync(ofLiving)]).toEqual([false, true]);
  expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  await folder.stop();
  expect(existsSync(folder.path)).toBe(false);
  rmSync(ofLiving, { recursive: true });
});
