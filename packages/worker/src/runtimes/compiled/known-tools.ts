import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomHex } from '@relais/kit';

/**
 * What was found out about toolchains of this machine, for the workers of one supervisor: to try a compiler takes longer than all
 * else at a worker's start, and one that follows another on the same machine needs it at once.
 */
export class KnownTools {
  readonly #directory: string;

  /** A private directory, made when needed; the caller removes it. Empty: nothing is kept. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * What `look` found the last time, while these executables are the files that they were then and the found one is there; else what
   * it finds now. That there is none is not kept: what is installed later is found by the next worker. Rejects as `look` does.
   */
  async recall<T extends { readonly command: string }>(
    name: string,
    executables: readonly string[],
    look: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    if (this.#directory === '' || executables.length === 0) return look();
    const path = join(this.#directory, `${name}-${await digestOf(executables)}.json`);
    const known = await read<T>(path);
    if (known && (await exists(known.command))) return known;
    const found = await look();
    if (found) await this.#keep(path, found);
    return found;
  }

  async #keep(path: string, found: object): Promise<void> {
    const draft = `${path}-${randomHex(8)}`;
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await writeFile(draft, JSON.stringify(found), { mode: 0o600 });
      await rename(draft, path);
    } catch {
      // The next worker looks for itself.
    }
  }
}

async function digestOf(executables: readonly string[]): Promise<string> {
  const files = await Promise.all(executables.map(async (path) => [path, await identityOf(path)]));
  return createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16);
}

/** Empty when it has gone meanwhile. */
async function identityOf(path: string): Promise<readonly number[]> {
  try {
    const { ino, mtimeMs, size } = await stat(path);
    return [ino, mtimeMs, size];
  } catch {
    return [];
  }
}

async function read<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
