import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Absolute path of the first executable of that name on a search path like "/usr/bin:/bin"; undefined when there is none. */
export async function findExecutable(name: string, searchPath: string): Promise<string | undefined> {
  const [first] = await findExecutables(name, searchPath);
  return first;
}

/** Absolute paths of every executable of that name, in the order of the search path; links to one file count once. */
export async function findExecutables(name: string, searchPath: string): Promise<string[]> {
  const found = new Map<string, string>();
  for (const directory of searchPath.split(delimiter)) {
    if (!directory.startsWith('/')) continue;
    const candidate = join(directory, name);
    const file = await executableFile(candidate);
    if (file !== undefined && !found.has(file)) found.set(file, candidate);
  }
  return [...found.values()];
}

async function executableFile(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.X_OK);
    return await realpath(path);
  } catch {
    return undefined;
  }
}
