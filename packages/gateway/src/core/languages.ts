import { invalid } from './failures.js';
import { closest } from './suggest.js';

/** One language of the contract as the gateway knows it: names only, nothing of how it builds or runs. */
export interface KnownLanguage {
  /** Canonical name. */
  readonly lang: string;
  readonly aliases: readonly string[];
  /** With the dot; the first is the usual one. */
  readonly extensions: readonly string[];
  /** Name a source gets when the deployer gave none. */
  readonly filename: string;
  /** True when it is stored and served as it is, without a build or a worker. */
  readonly isStatic: boolean;
  readonly wasm: boolean;
}

function language(
  lang: string,
  aliases: readonly string[],
  extensions: readonly string[],
  filename: string,
  kind: 'wasm' | 'process' | 'static',
): KnownLanguage {
  return { lang, aliases, extensions, filename, isStatic: kind === 'static', wasm: kind === 'wasm' };
}

/** Every language of the contract, in its order. */
export const knownLanguages: readonly KnownLanguage[] = [
  language('c', [], ['.c'], 'main.c', 'wasm'),
  language('cpp', ['c++'], ['.cpp', '.cc', '.cxx'], 'main.cpp', 'wasm'),
  language('rust', ['rs'], ['.rs'], 'main.rs', 'wasm'),
  language('go', ['golang'], ['.go'], 'main.go', 'wasm'),
  language('wasm', [], ['.wasm'], 'main.wasm', 'wasm'),
  language('js', ['javascript', 'node'], ['.js', '.mjs', '.cjs'], 'index.js', 'process'),
  language('ts', ['typescript'], ['.ts', '.mts', '.cts'], 'index.ts', 'process'),
  language('python', ['py'], ['.py'], 'main.py', 'process'),
  language('php', [], ['.php'], 'index.php', 'process'),
  language('html', [], ['.html', '.htm'], 'index.html', 'static'),
];

const byName = new Map<string, KnownLanguage>();
const byExtension = new Map<string, KnownLanguage>();
for (const known of knownLanguages) {
  for (const name of [known.lang, ...known.aliases]) byName.set(name, known);
  for (const extension of known.extensions) byExtension.set(extension, known);
}

/**
 * The language a deploy means: by name or alias in any case, else by the file name's extension. Throws
 * invalid_argument reason unknown_language with the list.
 */
export function languageOf(lang: string, filename: string): KnownLanguage {
  if (lang !== '')
    return byName.get(lang.toLowerCase()) ?? unknown(`There is no language "${lang.slice(0, 40)}"`, lang);
  const extension = filename.slice(filename.lastIndexOf('.')).toLowerCase();
  const known = filename.includes('.') ? byExtension.get(extension) : undefined;
  if (known) return known;
  return unknown(filename === '' ? 'No language was given' : `The file name "${filename}" does not tell the language`);
}

function unknown(what: string, lang = ''): never {
  const hint = closest(lang.toLowerCase(), byName.keys());
  const list = knownLanguages.map((known) => known.lang).join(', ');
  throw invalid('unknown_language', `${what}${hint ? `; did you mean "${hint}"?` : '.'} Set lang to one of: ${list}.`);
}
