import { badEntry } from './bad-archive.js';
import type { SourceLimits } from './source-limits.js';

/**
 * The names of which a path inside an archive consists, "." and empty ones left out; none for the root itself. Throws
 * bad_archive for a path that leads elsewhere or that cannot be a file everywhere.
 */
export function pathSegments(path: string, limits: SourceLimits): string[] {
  const why = unsafe(path);
  if (why) throw badEntry(path, why);
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.length > limits.depthMax) throw badEntry(path, `lies deeper than ${limits.depthMax} directories`);
  if (Buffer.byteLength(segments.join('/')) > limits.pathBytesMax)
    throw badEntry(path, `has a path of more than ${limits.pathBytesMax} bytes`);
  return segments;
}

function unsafe(path: string): string | undefined {
  if (path.includes('\ufffd')) return 'has a name that is not UTF-8';
  if (path.includes('\\')) return 'has a backslash in its name; use "/" between directories';
  if (/\p{Cc}/u.test(path)) return 'has a control character in its name';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'has an absolute path';
  if (path.split('/').includes('..')) return 'leads out of the archive with ".."';
  return undefined;
}

/** What packers leave in archives without their user's doing, and no function needs. */
export function isIgnored(segments: readonly string[]): boolean {
  const name = segments.at(-1) ?? '';
  if (segments[0] === '__MACOSX' || name.startsWith('._') || name === '.DS_Store') return true;
  // Links to command-line tools; code imports packages, never these.
  return segments.some((segment, at) => segment === 'node_modules' && segments[at + 1] === '.bin');
}

/** Equal for paths that are one file on some file system. */
export function foldPath(path: string): string {
  return path.normalize('NFC').toLowerCase();
}
