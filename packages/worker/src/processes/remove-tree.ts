import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Removes a directory with all it holds, also where its owner may not look into it. Never throws. */
export function removeTree(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch {
    // Which directory is closed the error does not say.
    openAll(directory);
    tryTo(() => rmSync(directory, { recursive: true, force: true }));
  }
}

/** Links are not followed. */
function openAll(directory: string): void {
  tryTo(() => {
    chmodSync(directory, 0o700);
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isDirectory()) openAll(join(directory, entry.name));
    }
  });
}

function tryTo(action: () => void): void {
  try {
    action();
  } catch {
    // It is gone, or another's.
  }
}
