import { chmod, mkdir, open, readdir, readFile, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, corrupt, unusable } from './level-errors.js';
import { logNumberOf } from './manifest.js';
import { findLogDamage } from './write-ahead-log.js';

const markerName = 'RELAIS';
const marker = 'relais storage format 1\n';
const logName = /^\d+\.log$/;
// What the creation of a database leaves when it is cut short; lost+found is every new file system's.
const leavings = /^(LOCK|LOG|LOG\.old|CURRENT|MANIFEST-\d+|\d+\.dbtmp|\d+\.log|RELAIS\.tmp|lost\+found)$/;

/**
 * Makes a directory ready for LevelDB to open, creating it with mode 0700. Rejects with `failed_precondition` where
 * LevelDB would silently begin anew or leave out acknowledged writes: reason `storage_corrupt`, naming the file.
 */
export async function prepareDirectory(directory: string): Promise<void> {
  const names = await listOrCreate(directory);
  if (!names.includes(markerName)) return mustBeNew(directory, names);
  if ((await readFile(join(directory, markerName), 'utf8')) !== marker) {
    throw corrupt(directory, `${markerName} names a format that this release does not know`);
  }
  await mustBeWhole(directory, names);
}

/**
 * Marks a directory whose database opened as ours, durably. Before that nothing was acknowledged, after it an absent
 * file means loss.
 */
export async function markDirectory(directory: string): Promise<void> {
  const path = join(directory, markerName);
  if ((await readdir(directory)).includes(markerName)) return;
  const file = await open(`${path}.tmp`, 'w', 0o600);
  try {
    await file.writeFile(marker);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
  await syncDirectory(directory);
  await syncDirectory(dirname(directory));
}

/** Which file the marker of an open database is, so that another directory in its place is not taken for it. */
export async function identityOf(directory: string): Promise<string> {
  const { dev, ino } = await stat(join(directory, markerName));
  return `${dev}:${ino}`;
}

async function listOrCreate(directory: string): Promise<string[]> {
  try {
    await makeDirectory(directory);
    const names = await readdir(directory);
    await chmod(directory, 0o700);
    return names;
  } catch (error) {
    throw unusable(directory, error);
  }
}

/** With its parents. Node's own way never ends where a file system makes no directories, as /proc does not. */
async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || (await exists(dirname(directory)))) throw error;
    await makeDirectory(dirname(directory));
    await mkdir(directory, { mode: 0o700 });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function mustBeNew(directory: string, names: readonly string[]): Promise<void> {
  const foreign = names.find((name) => !leavings.test(name));
  if (foreign !== undefined) throw corrupt(directory, `it holds ${foreign} but no ${markerName}, so it is not ours`);
  for (const name of names.filter((name) => logName.test(name))) {
    const { size } = await stat(join(directory, name));
    if (size > 0) throw corrupt(directory, `it holds data in ${name} but no ${markerName}, so it is not ours`);
  }
}

async function mustBeWhole(directory: string, names: readonly string[]): Promise<void> {
  if (!names.includes('CURRENT')) throw corrupt(directory, 'its file CURRENT is gone');
  const manifest = (await readFile(join(directory, 'CURRENT'), 'utf8')).trimEnd();
  if (!names.includes(manifest))
    throw corrupt(directory, `CURRENT names ${JSON.stringify(manifest)}, which is not there`);
  const logs = names.filter((name) => logName.test(name));
  if (logs.length === 0) throw corrupt(directory, 'its write-ahead log (a file NUMBER.log) is gone');
  await mustHaveItsLog(directory, manifest);
  for (const name of logs) {
    const damageAt = findLogDamage(await contentOf(join(directory, name)));
    if (damageAt !== undefined) throw corrupt(directory, `${name} is damaged at byte ${damageAt}`);
  }
}

/**
 * A manifest that has lost its last records names a log that was written into tables long ago, and is gone: LevelDB would open
 * without those tables, and remove them.
 */
async function mustHaveItsLog(directory: string, manifest: string): Promise<void> {
  const number = logNumberOf(await contentOf(join(directory, manifest)));
  if (!number) return;
  const log = `${String(number).padStart(6, '0')}.log`;
  if (await exists(join(directory, log))) return;
  throw corrupt(directory, `${manifest} names ${log}, which is not there: either has lost something`);
}

/** Empty when it has gone meanwhile: whoever else has the database open may drop old logs. */
async function contentOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** Makes what was created, renamed and removed in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
