import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The pid that holds the lock of a LevelDB directory, for the message to the operator; undefined where the system does
 * not say. The lock file is never opened here: closing it would drop a lock of this process.
 */
export async function lockHolder(directory: string): Promise<number | undefined> {
  try {
    const { ino } = await stat(join(directory, 'LOCK'));
    const locks = await readFile('/proc/locks', 'utf8');
    const line = locks.split('\n').find((text) => text.split(/\s+/)[5]?.endsWith(`:${ino}`));
    const pid = Number(line?.split(/\s+/)[4]);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
