import { existsSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';

/** Every sandbox has this. */
const system = '/usr/';

/**
 * What a tool needs to be able to read: where it is installed, being PREFIX/bin/NAME, and more directories that it says it
 * uses; without what every sandbox has. A prefix that holds more than installations is left out but for the tool's own
 * directory.
 */
export function installed(executable: string, more: readonly string[] = []): string[] {
  const paths = [executable, realpathSync(executable)].flatMap((path) => [prefixOf(path)]);
  const wanted = [...paths, ...more].filter((path) => path.startsWith('/') && existsSync(path));
  return [...new Set(wanted)].filter((path) => !`${path}/`.startsWith(system) && !tooWide(path));
}

function prefixOf(executable: string): string {
  const directory = dirname(executable);
  const prefix = dirname(directory);
  return tooWide(prefix) ? directory : prefix;
}

function tooWide(path: string): boolean {
  return ['/', '/usr', '/etc', '/opt', '/home', homedir()].includes(path);
}
