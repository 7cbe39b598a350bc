import { type FSWatcher, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Editors write in several steps; what follows within this time is the same save. */
const settleMs = 20;

/** A file system's clock stands still between two ticks of the kernel. */
const fileClockMs = 10;

/**
 * Tells when one of some files has changed. Watches their directories, because an editor that replaces a file leaves
 * behind whoever watched the old one; what counts is a changed time or size, so that nothing is told twice.
 */
export class WatchedFiles {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #stamps = new Map<string, string>();
  #notify: (() => void) | undefined;

  /**
   * From now on these files, absolute paths. `readFromMs` is when reading them began, milliseconds since 1970: what was
   * saved after that is a change, although nobody watched yet.
   */
  watch(files: readonly string[], readFromMs: number): void {
    const directories = new Set(files.map((file) => dirname(file)));
    for (const [directory, watcher] of this.#watchers) {
      if (directories.has(directory)) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    for (const directory of directories) {
      if (this.#watchers.has(directory)) continue;
      const watcher = watch(directory, () => this.#notify?.());
      watcher.on('error', () => this.#notify?.());
      this.#watchers.set(directory, watcher);
    }
    const known = new Set(files);
    for (const file of this.#stamps.keys()) if (!known.has(file)) this.#stamps.delete(file);
    for (const file of files) {
      if (!this.#stamps.has(file)) this.#stamps.set(file, savedSince(file, readFromMs) ? 'older' : stampOf(file));
    }
  }

  /** Resolves when a watched file differs from when it was last told, or when the signal fires. */
  async changed(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#differs()) {
      await new Promise<void>((resolve) => {
        const done = () => {
          signal.removeEventListener('abort', done);
          resolve();
        };
        this.#notify = done;
        signal.addEventListener('abort', done);
      });
    }
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    for (const file of this.#stamps.keys()) this.#stamps.set(file, stampOf(file));
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #differs(): boolean {
    // A file that is gone is being replaced: its successor will be the change.
    return [...this.#stamps].some(([file, stamp]) => stampOf(file) !== stamp && stampOf(file) !== '');
  }
}

function savedSince(file: string, sinceMs: number): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > sinceMs - fileClockMs;
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.mtimeMs}:${stat.size}:${stat.ino}` : '';
}
