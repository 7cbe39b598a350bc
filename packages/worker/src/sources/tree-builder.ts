import { badArchive, badEntry, beyondLimit, quoteName } from './bad-archive.js';
import { foldPath, isIgnored, pathSegments } from './paths.js';
import type { SourceLimits } from './source-limits.js';

interface Node {
  readonly path: string;
  readonly kind: 'file' | 'directory';
}

/** The files of an archive as its reader meets them. Every check on names and sizes is here, whatever the format. */
export class TreeBuilder {
  readonly limits: SourceLimits;
  readonly #files = new Map<string, Buffer>();
  /** By folded path. */
  readonly #nodes = new Map<string, Node>();
  #entries = 0;
  #metadataBytes = 0;
  #expectedBytes = 0;

  constructor(limits: SourceLimits) {
    this.limits = limits;
  }

  /** Counts a record of any kind. */
  countEntry(): void {
    this.#entries++;
    const { entriesMax } = this.limits;
    if (this.#entries > entriesMax) throw beyondLimit('entries', 'entriesMax', entriesMax, this.#entries);
  }

  /** Counts names and attributes before they are read. */
  countMetadata(bytes: number): void {
    this.#metadataBytes += bytes;
    const { metadataBytesMax } = this.limits;
    if (this.#metadataBytes > metadataBytesMax)
      throw beyondLimit('bytes of metadata', 'metadataBytesMax', metadataBytesMax, this.#metadataBytes);
  }

  /** Takes up a file before its content is read: throws when it may not be there, false when it is of no use. */
  expectFile(path: string, bytes: number): boolean {
    const segments = pathSegments(path, this.limits);
    const { fileBytesMax, unpackedBytesMax, filesMax } = this.limits;
    if (bytes > fileBytesMax) throw badEntry(path, `is larger than ${fileBytesMax} bytes`);
    this.#expectedBytes += bytes;
    if (this.#expectedBytes > unpackedBytesMax)
      throw beyondLimit('bytes when unpacked', 'unpackedBytesMax', unpackedBytesMax, this.#expectedBytes);
    if (isIgnored(segments)) return false;
    if (segments.length === 0) throw badEntry(path, 'has no name');
    if (this.#files.size >= filesMax) throw beyondLimit('files', 'filesMax', filesMax, filesMax + 1);
    this.#claimParents(segments);
    this.#claim(segments.join('/'), 'file');
    return true;
  }

  addFile(path: string, content: Buffer): void {
    this.#files.set(pathSegments(path, this.limits).join('/'), content);
  }

  addDirectory(path: string): void {
    const segments = pathSegments(path, this.limits);
    if (segments.length === 0 || isIgnored(segments)) return;
    this.#claimParents(segments);
    this.#claim(segments.join('/'), 'directory');
  }

  /** Throws for anything but a file or a directory, unless it is of no use. `what` is for example "a symbolic link". */
  refuse(path: string, what: string): void {
    if (!isIgnored(pathSegments(path, this.limits))) {
      throw badEntry(path, `is ${what}; only files and directories are allowed`);
    }
  }

  /** The files, and the one directory all of them lay in, which is left out of their paths; empty when there is none. */
  finish(): { readonly files: ReadonlyMap<string, Buffer>; readonly strippedDirectory: string } {
    const [first] = this.#files.keys();
    if (first === undefined) throw badArchive('The archive holds no files.');
    const top = first.slice(0, first.indexOf('/') + 1);
    const isCommon = top !== '' && [...this.#files.keys()].every((path) => path.startsWith(top));
    if (!isCommon) return { files: this.#files, strippedDirectory: '' };
    const files = new Map([...this.#files].map(([path, content]) => [path.slice(top.length), content]));
    return { files, strippedDirectory: top };
  }

  #claimParents(segments: readonly string[]): void {
    for (let depth = 1; depth < segments.length; depth++) this.#claim(segments.slice(0, depth).join('/'), 'directory');
  }

  // Paths that differ in case alone would be one file where the file system says so, and which one is chance.
  #claim(path: string, kind: 'file' | 'directory'): void {
    const folded = foldPath(path);
    const before = this.#nodes.get(folded);
    if (before && (kind === 'file' || before.kind === 'file' || before.path !== path))
      throw badEntry(path, conflict(before, kind, path));
    if (!before) this.#nodes.set(folded, { path, kind });
  }
}

function conflict(before: Node, kind: string, path: string): string {
  if (before.kind !== kind) return 'is a file and a directory at once';
  return before.path === path ? 'is there twice' : `differs from ${quoteName(before.path)} in case alone`;
}
