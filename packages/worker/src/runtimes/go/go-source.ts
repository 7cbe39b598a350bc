import { posix } from 'node:path';
import type { SourceTree } from '../../sources/source-tree.js';

/** A source as the go command wants it. */
export interface GoSource {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Path of the file that holds main, in `files`. */
  readonly entry: string;
  /** Directory of main's package, beginning with "./". */
  readonly package: string;
}

const singleName = 'main.go';

/**
 * Lays a source out as a module: a single file becomes main.go, because the end of another name can mean something to Go
 * (_test, _linux); `ownModule` is the go.mod of a source that has none.
 */
export function layOut(tree: SourceTree, ownModule: Uint8Array): GoSource {
  const files = new Map<string, Uint8Array>(tree.files);
  if (!files.has('go.mod')) files.set('go.mod', ownModule);
  if (!tree.single) return { files, entry: tree.entry, package: `./${posix.dirname(tree.entry)}` };
  const content = files.get(tree.entry);
  files.delete(tree.entry);
  if (content) files.set(singleName, content);
  return { files, entry: singleName, package: './.' };
}
