import { extname } from 'node:path';

/** What the command must know of a language itself, before a platform is asked. */
export interface LocalLanguage {
  readonly lang: string;
  readonly extensions: readonly string[];
  /** What a directory of it begins with when nothing else says so, in order. */
  readonly entries: readonly string[];
  /** True when its sources import packages that are bundled here. */
  readonly bundled?: true;
}

export const localLanguages: readonly LocalLanguage[] = [
  { lang: 'c', extensions: ['.c'], entries: ['main.c'] },
  { lang: 'cpp', extensions: ['.cpp', '.cc', '.cxx'], entries: ['main.cpp'] },
  { lang: 'rust', extensions: ['.rs'], entries: ['main.rs', 'src/main.rs'] },
  { lang: 'go', extensions: ['.go'], entries: ['main.go'] },
  { lang: 'wasm', extensions: ['.wasm'], entries: [] },
  { lang: 'ts', extensions: ['.ts', '.mts', '.cts'], entries: ['index.ts', 'src/index.ts', 'main.ts'], bundled: true },
  {
    lang: 'js',
    extensions: ['.js', '.mjs', '.cjs'],
    entries: ['index.mjs', 'index.js', 'index.cjs', 'src/index.js', 'main.js'],
    bundled: true,
  },
  { lang: 'python', extensions: ['.py'], entries: ['main.py', 'handler.py', 'app.py', '__main__.py'] },
  { lang: 'php', extensions: ['.php'], entries: ['index.php', 'main.php'] },
  { lang: 'html', extensions: ['.html', '.htm'], entries: ['index.html'] },
];

/** The language a file's name tells; undefined when it tells none. */
export function languageOfFile(path: string): LocalLanguage | undefined {
  const extension = extname(path).toLowerCase();
  return localLanguages.find(({ extensions }) => extensions.includes(extension));
}

/** Whether a language, by name or alias, is one whose packages are bundled. */
export function isBundled(lang: string): boolean {
  return ['js', 'javascript', 'node', 'ts', 'typescript'].includes(lang.toLowerCase());
}
