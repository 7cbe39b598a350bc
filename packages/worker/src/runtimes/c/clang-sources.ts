import type { SourceTree } from '../../sources/source-tree.js';
import { pathArgument } from '../compiled/tool-builds.js';

/** What tells one language of clang from another. */
export interface ClangLanguage {
  readonly lang: string;
  /** Its extension tells the compiler the language. */
  readonly defaultFilename: string;
  /** Names of files that the compiler takes for this language. */
  readonly filenames: RegExp;
  /** Put before the user's own flags. */
  readonly defaultFlags: readonly string[];
  /** Put behind them: not for the user to change. */
  readonly fixedFlags: readonly string[];
}

/** What the compiler is given: all files, and which of them are to be compiled, the entry first. */
export interface ClangProgram {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly sources: readonly string[];
}

const plainName = /^\w[\w.-]{0,100}$/;
const start = /^[ \t]*(?:int|void|auto|signed)\s+main\s*\(/m;

/** A source of one file keeps its name where that is plain, so that __FILE__ and messages show it. */
export function singleProgram(language: ClangLanguage, { entry, files }: SourceTree): ClangProgram {
  const isPlain = plainName.test(entry) && language.filenames.test(entry);
  const name = isPlain ? entry : language.defaultFilename;
  return { files: new Map([[name, files.get(entry) ?? Buffer.alloc(0)]]), sources: [name] };
}

/** Of an archive every source of the language is compiled, but of several programs in it only the one of the entry. */
export function program({ filenames }: ClangLanguage, { entry, files }: SourceTree): ClangProgram {
  const others = [...files].filter(
    ([path, content]) => path !== entry && filenames.test(path) && !start.test(content.toString('latin1')),
  );
  return { files, sources: [entry, ...others.map(([path]) => path)].map(pathArgument) };
}
