// What may depend on what, and other rules of the tree that a type checker does not know. Holds ARCHITECTURE.md's invariants.
import { posix } from 'node:path';
import { importsOf, withoutComments } from './imports.mjs';
import { packageFacts, sourceFiles } from './tree.mjs';

const lineCountMax = 400;

const roles = ['storage', 'balancer', 'worker', 'gateway'];

/** What each package may import of ours. A package that is not named may import nothing. */
const allowed = {
  contracts: [],
  kit: ['contracts'],
  ...Object.fromEntries(roles.map((role) => [role, ['contracts', 'kit']])),
  platform: ['contracts', 'kit', ...roles],
  cli: ['contracts', 'kit', ...roles, 'platform', 'sdk', 'load'],
  sdk: ['contracts'],
  load: ['contracts'],
  console: ['sdk'],
};

/** Libraries with one door. */
const doors = [
  { library: /^@connectrpc\/connect-node$/, folder: 'packages/gateway/src/edge/' },
  { library: /^(level|classic-level|abstract-level)$/, folder: 'packages/storage/src/backends/level/' },
];

/** Tests and what only they use. */
const test = /\.test\.\w+$|\/testing(\/|\.ts$)/;

const environmentReaders = ['platform', 'cli'];
const environment = /\bprocess\s*(\.\s*env\b|\[\s*['"]env['"])|\benv\b[^;'"`]*\bfrom\s*['"](node:)?process['"]/;
const later = new RegExp(`\\b(${['TO', 'FIX'].map((head, index) => head + ['DO', 'ME'][index]).join('|')})\\b`);

/**
 * @typedef {{ path: string, rule: string, detail: string }} Violation
 * @param {string} root the tree to check
 * @returns {Violation[]} in the order of the files; empty when all rules hold
 */
export function checkDirections(root) {
  const packages = packageFacts(root);
  const files = sourceFiles(root, ['packages', 'tools', 'proto', 'examples', 'deploy']).map((file) =>
    describe(file, packages),
  );
  return [...packages].flatMap(([name, facts]) => checkManifest(name, facts)).concat(files.flatMap(checkFile));
}

function describe(file, packages) {
  const [, name] = /^packages\/([^/]+)\/src\//.exec(file.path) ?? [];
  const isScript = /\.(ts|tsx|mjs|cjs|js)$/.test(file.path) && (name !== undefined || file.path.startsWith('tools/'));
  return {
    ...file,
    packages,
    name,
    isTest: test.test(file.path),
    imports: isScript ? importsOf(file.text) : [],
  };
}

function checkFile(file) {
  const found = [
    ...checkText(file),
    ...file.imports.flatMap((specifier) => [
      ...checkDirection(file, specifier),
      ...checkDoor(file, specifier),
      ...checkDepth(file, specifier),
      ...checkDeclared(file, specifier),
    ]),
  ];
  return found.map(([rule, detail]) => ({ path: file.path, rule, detail }));
}

function checkManifest(name, { dependencies }) {
  return [...dependencies]
    .filter((dependency) => dependency.startsWith('@relais/') && !mayImport(name, dependency.slice('@relais/'.length)))
    .map((dependency) => ({
      path: `packages/${name}/package.json`,
      rule: 'direction',
      detail: `depends on ${dependency}`,
    }));
}

function checkText({ path, text, name, isTest }) {
  const found = [];
  const lines = text.split('\n').length - 1;
  if (lines > lineCountMax) found.push(['length', `${lines} lines, at most ${lineCountMax}`]);
  if (later.test(text)) found.push(['later', 'fix it or note it on the issue']);
  if (name === undefined || !path.endsWith('.ts')) return found;
  const code = withoutComments(text);
  if (!isTest && !environmentReaders.includes(name) && environment.test(code)) {
    found.push(['environment', `only ${environmentReaders.join(' and ')} read process.env`]);
  }
  if (path !== 'packages/contracts/src/edge.ts' && /^[ \t]*export\s*\*/m.test(code)) {
    found.push(['export-star', 'name what is exported']);
  }
  return found;
}

function checkDirection({ name }, specifier) {
  const target = ours(specifier);
  if (name === undefined || target === undefined || (mayImport(name, target.name) && isOpenTo(name, target))) return [];
  return [['direction', `${name} must not import ${specifier}`]];
}

function checkDoor({ path }, specifier) {
  return doors
    .filter(({ library, folder }) => library.test(libraryOf(specifier)) && !path.startsWith(folder))
    .map(({ folder }) => ['door', `only ${folder} imports ${specifier}`]);
}

/** Across packages only by name, and only what the other exports; within one only relatively. */
function checkDepth({ path, name, packages }, specifier) {
  const target = ours(specifier);
  if (target) {
    const isExported = packages.get(target.name)?.exports.has(target.entry);
    return isExported ? [] : [['deep-import', `${specifier} is not exported`]];
  }
  if (!specifier.startsWith('.')) return [];
  const resolved = posix.join(posix.dirname(path), specifier);
  const home = name === undefined ? /^tools\// : new RegExp(`^packages/${name}/src/`);
  return home.test(resolved) ? [] : [['deep-import', `${specifier} leaves ${name ?? 'tools'}`]];
}

/** Workspaces share one node_modules, which hides a dependency nobody declared until a package is used alone. */
function checkDeclared({ name, isTest, packages }, specifier) {
  if (name === undefined || isTest || specifier.startsWith('.') || specifier.startsWith('node:')) return [];
  const library = libraryOf(specifier);
  const isDeclared = library === `@relais/${name}` || packages.get(name)?.dependencies.has(library);
  return isDeclared ? [] : [['undeclared', `${library} is not in packages/${name}/package.json`]];
}

function mayImport(name, target) {
  return name === target || (allowed[name] ?? []).includes(target);
}

/** The published client knows the public contract alone. */
function isOpenTo(name, target) {
  return name !== 'sdk' || target.name !== 'contracts' || target.entry === './edge';
}

function ours(specifier) {
  const [, name, rest] = /^@relais\/([^/]+)(\/.*)?$/.exec(specifier) ?? [];
  return name === undefined ? undefined : { name, entry: `.${rest ?? ''}` };
}

function libraryOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
