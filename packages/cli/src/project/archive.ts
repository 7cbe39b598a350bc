import { readdir } from 'node:fs/promises';
import { basename, join, matchesGlob, relative, sep } from 'node:path';
import { create } from 'tar';
import { readBounded } from '../framework/bounded-read.js';
import { unreadable } from '../framework/failures.js';
import { settingsFile } from './settings.js';

/** What no function needs, wherever it stands. */
const neverSent = ['.git', '.hg', '.svn', '.venv', '__pycache__', '.relais', '.DS_Store', settingsFile];

/** The files of a directory that make up a function, relative with forward slashes, sorted. */
export async function filesOf(directory: string, exclude: readonly string[]): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(directory, error);
  });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.split('/').some((part) => neverSent.includes(part)))
    .filter((path) => !exclude.some((glob) => matchesGlob(path, glob) || path.startsWith(`${glob}/`)))
    .sort();
}

/** A .tar.gz of files of a directory; the same files give the same bytes. */
export async function archiveOf(directory: string, files: readonly string[]): Promise<Buffer> {
  const stream = create({ cwd: directory, gzip: true, portable: true, noMtime: true, follow: true }, [...files]);
  return readBounded(stream, basename(directory));
}
