import { RelaisError } from '@relais/kit';
import { quoteName } from './bad-archive.js';

interface EntryConvention {
  /** With the dot. */
  readonly extensions: readonly string[];
  /** Tried in this order; the first is also the name of a plain source that was given none. */
  readonly names: readonly string[];
  /** Finds a program's start in a source, where the language has such a thing. */
  readonly start?: RegExp;
}

const cStart = /^[ \t]*(?:int|void|auto|signed)\s+main\s*\(/m;

/** Where each language's functions begin when `entry` does not say it. */
const conventions: Readonly<Record<string, EntryConvention>> = {
  c: { extensions: ['.c'], names: ['main.c'], start: cStart },
  cpp: { extensions: ['.cpp', '.cc', '.cxx'], names: ['main.cpp', 'main.cc', 'main.cxx'], start: cStart },
  rust: { extensions: ['.rs'], names: ['main.rs', 'src/main.rs'] },
  go: { extensions: ['.go'], names: ['main.go'], start: /^func\s+main\s*\(/m },
  wasm: { extensions: ['.wasm'], names: ['main.wasm'] },
  js: { extensions: ['.js', '.mjs', '.cjs'], names: ['index.mjs', 'index.js', 'index.cjs', 'main.js'] },
  ts: {
    extensions: ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'],
    names: ['index.ts', 'index.mts', 'main.ts', 'src/index.ts', 'index.mjs', 'index.js', 'index.cjs', 'main.js'],
  },
  python: { extensions: ['.py'], names: ['main.py', 'handler.py', 'app.py', '__main__.py'] },
  php: { extensions: ['.php'], names: ['index.php', 'main.php', 'handler.php'] },
};

const usesPackageJson = new Set(['js', 'ts']);
const byteOrderMark = /^\ufeff/;
const candidatesShownMax = 10;

/**
 * The path of the file a function begins with: `entry` when it is set, else what package.json says (js, ts), else the
 * language's conventional names, else the only source in which a program starts (in languages without such a mark: the
 * only one in the root).
 * Throws invalid_argument reason entry_not_found with the candidates, or bad_package_json where that is what Node would fail on.
 */
export function findEntry(files: ReadonlyMap<string, Buffer>, lang: string, entry: string): string {
  const manifest = usesPackageJson.has(lang) ? readManifest(files.get('package.json')) : undefined;
  if (entry !== '') return files.has(entry) ? entry : notFound(files, lang, `has no file ${quoteName(entry)}`);
  const convention = conventions[lang];
  const named = packageEntry(files, manifest) ?? convention?.names.find((name) => files.has(name));
  return named ?? onlySource(files, convention) ?? notFound(files, lang, 'has no file that its language begins with');
}

/** The name of a plain source that was given none. */
export function defaultName(lang: string): string {
  if (lang === 'js') return 'index.js';
  return conventions[lang]?.names[0] ?? 'main';
}

function packageEntry(
  files: ReadonlyMap<string, Buffer>,
  manifest: Record<string, unknown> | undefined,
): string | undefined {
  if (!manifest) return undefined;
  for (const value of [manifest.exports, rootExport(manifest.exports), manifest.main]) {
    if (typeof value !== 'string') continue;
    const path = value.replace(/^\.\//, '');
    const found = [path, `${path}.js`, `${path}/index.js`].find((candidate) => files.has(candidate));
    if (found !== undefined) return found;
  }
  return undefined;
}

function rootExport(value: unknown): unknown {
  return typeof value === 'object' && value !== null && '.' in value ? value['.'] : undefined;
}

function readManifest(content: Buffer | undefined): Record<string, unknown> | undefined {
  if (!content) return undefined;
  try {
    const value: unknown = JSON.parse(content.toString().replace(byteOrderMark, ''));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    throw new RelaisError('invalid_argument', `The package.json of the source is no JSON: ${String(error)}.`, {
      reason: 'bad_package_json',
      component: 'worker',
    });
  }
}

function onlySource(files: ReadonlyMap<string, Buffer>, convention: EntryConvention | undefined): string | undefined {
  const sources = sourcesOf(files, convention);
  const { start } = convention ?? {};
  const likely = sources.filter((path) =>
    start ? start.test(files.get(path)?.toString() ?? '') : !path.includes('/'),
  );
  return likely.length === 1 ? likely[0] : undefined;
}

function sourcesOf(files: ReadonlyMap<string, Buffer>, convention: EntryConvention | undefined): string[] {
  const extensions = convention?.extensions ?? [];
  return [...files.keys()].filter(
    (path) => extensions.some((extension) => path.endsWith(extension)) && !path.includes('node_modules/'),
  );
}

function notFound(files: ReadonlyMap<string, Buffer>, lang: string, what: string): never {
  const sources = sourcesOf(files, conventions[lang]);
  const candidates = (sources.length > 0 ? sources : [...files.keys()]).slice(0, candidatesShownMax);
  throw new RelaisError('invalid_argument', `The source ${what}. Set entry to one of: ${candidates.join(', ')}.`, {
    reason: 'entry_not_found',
    component: 'worker',
  });
}
