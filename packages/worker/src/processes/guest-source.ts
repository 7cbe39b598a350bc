import { pathToFileURL } from 'node:url';
import { openSource, type SourceOptions } from '../sources/source-tree.js';
import type { ProcessLauncher } from './process-launcher.js';

/** The code of a function as its processes get it. */
export interface GuestSource {
  /** A plain source: its file name. Several files: the path of the entry in `directory`. */
  readonly filename: string;
  /** Absolute; undefined for a plain source, which lies in no file. */
  readonly directory: string | undefined;
  /** The plain source; empty when there are several files. */
  readonly content: Uint8Array;
  /** Of all files. */
  readonly bytes: number;
  /** Safe to call twice. */
  remove(): Promise<void>;
}

/**
 * Unpacks a source for processes of this launcher. The caller removes it. Rejects like openSource, and with unavailable
 * when the files cannot be written.
 */
export async function provideSource(
  launcher: ProcessLauncher,
  source: Buffer,
  filename: string,
  options: SourceOptions,
): Promise<GuestSource> {
  const { files, entry, single } = await openSource(source, filename, options);
  if (single) {
    return { filename: entry, directory: undefined, content: source, bytes: source.length, remove: async () => {} };
  }
  const { directory, remove } = await launcher.shareFiles(completed(files, options.lang));
  const bytes = [...files.values()].reduce((sum, content) => sum + content.length, 0);
  return { filename: entry, directory, content: Buffer.alloc(0), bytes, remove };
}

// Node takes the type of a file from the nearest package.json above it, and what lies above is not the function's.
function completed(files: ReadonlyMap<string, Buffer>, lang: string): ReadonlyMap<string, Buffer> {
  const isComplete = !['js', 'ts'].includes(lang) || files.has('package.json');
  return isComplete ? files : new Map([...files, ['package.json', Buffer.from('{}')]]);
}

/** What a frame says of a source beside its content. */
export function sourceHeader({ filename, directory }: GuestSource): object {
  return directory === undefined ? { filename } : { filename, directory };
}

/** A text that shows the files of a source under their own paths alone. */
export function withoutDirectory(text: string, { directory }: GuestSource): string {
  if (directory === undefined) return text;
  return text.replaceAll(`${pathToFileURL(directory).href}/`, '').replaceAll(`${directory}/`, '');
}
