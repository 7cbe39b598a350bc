// The documents hold together: every page can be reached, every link leads somewhere, every flag and setting exists.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { anchors, links } from './markdown.mjs';
import { pages as generated } from './pages.mjs';

const root = join(import.meta.dirname, '../..');
const paths = ['README.md', 'ARCHITECTURE.md', 'SECURITY.md', ...globSync('docs/**/*.md', { cwd: root }).sort()];
const texts = new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
const generatedTexts = generated();
const vocabulary = Object.values(generatedTexts).join('\n');
const settings = new Set(
  [...generatedTexts['docs/config.md'].matchAll(/^\| `(\w+)` \| `(--[\w-]+)`.*?`(RELAIS_\w+)`/gm)].flatMap((match) =>
    match.slice(1),
  ),
);
const flags = new Set([...vocabulary.matchAll(/--[a-z][\w-]*/g)].map(([flag]) => flag));

/** Relative links of a page with where they lead, from the root. */
function targets(path) {
  return links(texts.get(path))
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [file = '', anchor] = link.split('#');
      return { link, file: file === '' ? path : normalize(join(dirname(path), file)), anchor };
    });
}

test.each(paths)('the links of %s lead somewhere', (path) => {
  const broken = targets(path).filter(({ file, anchor }) => {
    if (!existsSync(join(root, file))) return true;
    return anchor !== undefined && texts.has(file) && !anchors(texts.get(file)).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test('every page can be reached from README', () => {
  const reached = new Set(['README.md']);
  for (const path of reached) for (const { file } of texts.has(path) ? targets(path) : []) reached.add(file);
  expect(paths.filter((path) => !reached.has(path))).toEqual([]);
});

test.each(paths)('the settings and flags that %s names exist', (path) => {
  const text = texts.get(path);
  const variables = [...text.matchAll(/\bRELAIS_[A-Z_]+\b(?!…)/g)].map(([name]) => name);
  const unknown = variables.filter((name) => !settings.has(name) && !inSources(name));
  const given = [...text.matchAll(/(?:relais [a-z]+|npm start --)[^\n`|]*/g)].flatMap(
    ([line]) => line.match(/(?<=\s)--[a-z][\w-]*/g) ?? [],
  );
  const inBackticks = [...text.matchAll(/`(--[a-z][\w-]*)/g)].map(([, flag]) => flag);
  const mistaken = [...given, ...inBackticks].filter(
    (flag) => !flags.has(flag) && !isOption(flag.slice(2)) && !isForeign(flag),
  );
  expect({ unknown, mistaken: [...new Set(mistaken)] }).toEqual({ unknown: [], mistaken: [] });
});

test('a setting that an operations page names in a table is one', () => {
  const table = texts.get('docs/operations.md').split('## Settings to know')[1] ?? '';
  const named = [...table.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm)].flatMap(([, cell]) => cell.match(/\w+/g));
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !settings.has(name))).toEqual([]);
});

/** An option of another program here, such as the load generator: a name in quotes, or a key. */
function isOption(name) {
  return inSources(`'${name}'`) || (/^[a-z]+$/.test(name) && inSources(`  ${name}: {`));
}

/** Variables that functions and tools have, and flags of the other programs of this repository, are in the code that reads them. */
function inSources(word) {
  sources ??= globSync(['packages/*/src/**/*.{ts,mjs,py,php}', 'tools/**/*.mjs', 'package.json'], { cwd: root })
    .filter((path) => !path.includes('.test.'))
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n');
  return sources.includes(word);
}
let sources;

/** Flags of other people's programs, which pages tell readers to use. */
function isForeign(flag) {
  return ['--security-opt', '--noEmit', '--data-binary'].includes(flag);
}
