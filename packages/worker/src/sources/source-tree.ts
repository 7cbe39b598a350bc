import { basename } from 'node:path';
import { defaultName, findEntry } from './entry.js';
import { sourceLimits } from './source-limits.js';
import { readTar } from './tar/tar-reader.js';
import { TreeBuilder } from './tree-builder.js';
import { readZip } from './zip/zip-reader.js';

/** The files of one function. */
export interface SourceTree {
  /** Content by path: relative, "/" between names, no "." or "..", safe to join to a directory. At least one. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Path of the file the function begins with. */
  readonly entry: string;
  /** True when the source was that one file itself, false when it was an archive. */
  readonly single: boolean;
}

export interface SourceOptions {
  /** Canonical language; its conventions find the entry. */
  readonly lang: string;
  /** `config.entry`; empty: by convention. */
  readonly entry: string;
}

type ArchiveFormat = 'tar.gz' | 'zip';

/** Told by the first bytes; undefined for a plain source. No language of ours begins so. */
export function archiveFormat(bytes: Uint8Array): ArchiveFormat | undefined {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'tar.gz';
  if (bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 0x03 && bytes[3] === 0x04) return 'zip';
  return undefined;
}

/**
 * The files of a source: of an archive those in it, without the one directory that all of them lie in; of a plain source
 * itself, under the base name of `filename` or the language's conventional one. Bounds: sourceLimits. Rejects with
 * invalid_argument reason bad_archive, entry_not_found or bad_package_json.
 */
export async function openSource(bytes: Buffer, filename: string, options: SourceOptions): Promise<SourceTree> {
  const format = archiveFormat(bytes);
  if (!format) {
    const files = new Map([[basename(filename) || defaultName(options.lang), bytes]]);
    const [name = ''] = files.keys();
    return { files, entry: findEntry(files, options.lang, options.entry || name), single: true };
  }
  const builder = new TreeBuilder(sourceLimits);
  await (format === 'zip' ? readZip(bytes, builder) : readTar(bytes, builder));
  const { files, strippedDirectory } = builder.finish();
  const wanted = options.entry.replace(/^\.\//, '');
  const entry = findEntry(files, options.lang, stripped(wanted, strippedDirectory, files));
  return { files, entry, single: false };
}

// Who lists the archive sees its one directory, so that name is understood too.
function stripped(entry: string, directory: string, files: ReadonlyMap<string, Buffer>): string {
  const isSeen = directory !== '' && entry.startsWith(directory) && !files.has(entry);
  return isSeen ? entry.slice(directory.length) : entry;
}
