import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Names of the directories of shared files of a launcher, which a sandboxed one keeps where nobody may look. */
export function sharedNames(launcherDirectory: string): string[] {
  const hidden = join(launcherDirectory, 'shared');
  if (!existsSync(hidden)) return namesIn(launcherDirectory);
  chmodSync(hidden, 0o711 | 0o400);
  const names = namesIn(hidden);
  chmodSync(hidden, 0o311);
  return names;
}

function namesIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith('files-'));
}
