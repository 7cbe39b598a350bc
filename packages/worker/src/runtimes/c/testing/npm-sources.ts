import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';

/** A package of the npm registry that carries the C sources of something larger. */
export interface PackedSources {
  /** NAME@VERSION. */
  readonly name: string;
  /** SHA-256 of its archive, hexadecimal. */
  readonly sha256: string;
  /** Folder within the package that holds the sources. */
  readonly folder: string;
}

/**
 * Fetches a package, runs nothing of it, and gives the files of its folder by their base names; undefined when it cannot be
 * had. Throws when what came is not what was expected.
 */
export function fetchSources({ name, sha256, folder }: PackedSources): Record<string, Buffer> | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'relais-sources-'));
  try {
    const archive = join(directory, pack(name, directory));
    const digest = createHash('sha256').update(readFileSync(archive)).digest('hex');
    if (digest !== sha256) throw new Error(`${name} is not what it was: ${digest}`);
    const under = `package/${folder}/`;
    const paths = execFileSync('tar', ['tzf', archive], { encoding: 'utf8' }).split('\n');
    execFileSync('tar', ['xzf', archive, '-C', directory]);
    const wanted = paths.filter((path) => path.startsWith(under) && /^[^/]+\.[ch]$/.test(path.slice(under.length)));
    return Object.fromEntries(wanted.map((path) => [posix.basename(path), readFileSync(join(directory, path))]));
  } catch (error) {
    if (error instanceof NotHad) return undefined;
    throw error;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

class NotHad extends Error {}

function pack(name: string, directory: string): string {
  try {
    const args = ['pack', name, '--silent', '--ignore-scripts', '--pack-destination', directory];
    return execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 }).trim();
  } catch (cause) {
    throw new NotHad(`npm has no ${name} for us`, { cause });
  }
}
