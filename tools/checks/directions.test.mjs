import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkDirections } from './directions.mjs';
import { importsOf } from './imports.mjs';

const root = join(import.meta.dirname, '../..');

/** A small tree that breaks no rule. */
const sound = {
  ...manifest('contracts', { exports: { '.': '', './edge': '' }, dependencies: {} }),
  ...manifest('kit', { dependencies: { '@relais/contracts': '', pino: '' } }),
  ...manifest('storage', { dependencies: { '@relais/kit': '', level: '' } }),
  ...manifest('gateway', {
    dependencies: { '@relais/kit': '', '@relais/contracts': '', '@connectrpc/connect-node': '' },
  }),
  ...manifest('platform', { dependencies: { '@relais/gateway': '', '@relais/storage': '' } }),
  ...manifest('sdk', { dependencies: { '@relais/contracts': '' } }),
  'packages/sdk/src/index.ts': "import { a } from '@relais/contracts/edge';\n",
  'packages/contracts/src/index.ts': "export { a } from './grpc/a.js';\n",
  'packages/contracts/src/edge.ts': "export * as a from './edge/a.js';\n",
  'packages/contracts/src/grpc/a.ts': `import x from 'anything';\nexport * from '../../../kit/src/x.js';\n${'\n'.repeat(500)}`,
  'packages/kit/src/index.ts': "import { Fault } from '@relais/contracts';\nimport { pino } from 'pino';\n",
  'packages/storage/src/backends/level/backend.ts': "import { Level } from 'level';\nimport { x } from '../../x.js';\n",
  'packages/storage/src/x.ts':
    "// import { y } from '@relais/gateway';\n/**\n * import { y } from '@relais/gateway';\n * Reads no process.env.\n */\nexport const x = 1;\n",
  'packages/storage/src/x.test.ts': "import { expect } from '@jest/globals';\nspawn(process.env.PATH);\n",
  'packages/storage/src/testing/path.ts': 'export const path = process.env.PATH;\n',
  'packages/gateway/src/edge/server.ts':
    "import { connectNodeAdapter } from '@connectrpc/connect-node';\nimport { functions } from '@relais/contracts/edge';\n",
  'packages/platform/src/main.ts':
    "import { Gateway } from '@relais/gateway';\nimport { Storage } from '@relais/storage';\nexport const path = process.env.PATH;\n",
  'tools/bench/main.mjs': "import { x } from './x.mjs';\nconsole.log(process.env.HOME);\n",
};

function manifest(name, { exports = { '.': '' }, dependencies }) {
  return { [`packages/${name}/package.json`]: JSON.stringify({ exports, dependencies }) };
}

let folder;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relais-tree-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function check(files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return checkDirections(folder).map(({ path, rule }) => `${path} ${rule}`);
}

test('this tree holds every rule', () => {
  expect(checkDirections(root)).toEqual([]);
});

test('a sound tree passes', () => {
  expect(check(sound)).toEqual([]);
});

const word = (head, tail) => `// ${head}${tail}: later\n`;

const broken = [
  ['kit imports a role', 'packages/kit/src/a.ts', "import { x } from '@relais/storage';", ['direction', 'undeclared']],
  [
    'a role imports another',
    'packages/storage/src/a.ts',
    "import { x } from '@relais/gateway';",
    ['direction', 'undeclared'],
  ],
  [
    'a role imports platform',
    'packages/gateway/src/a.ts',
    "import { x } from '@relais/platform';",
    ['direction', 'undeclared'],
  ],
  [
    'contracts import kit',
    'packages/contracts/src/a.ts',
    "import { x } from '@relais/kit';",
    ['direction', 'undeclared'],
  ],
  ['the client knows a hop', 'packages/sdk/src/a.ts', "import { x } from '@relais/contracts';", ['direction']],
  [
    'a type alone',
    'packages/storage/src/a.ts',
    "import type { X } from '@relais/gateway';",
    ['direction', 'undeclared'],
  ],
  [
    'a type inline',
    'packages/kit/src/a.ts',
    "export type X = import('@relais/gateway').X;",
    ['direction', 'undeclared'],
  ],
  ['a test too', 'packages/storage/src/a.test.ts', "import { x } from '@relais/gateway';", ['direction']],
  [
    'over several lines',
    'packages/kit/src/a.ts',
    "import {\n  x,\n  type Y,\n} from '@relais/gateway';",
    ['direction', 'undeclared'],
  ],
  ['by export', 'packages/kit/src/a.ts', "export { x } from '@relais/gateway';", ['direction', 'undeclared']],
  ['for its effects', 'packages/kit/src/a.ts', "import '@relais/gateway';", ['direction', 'undeclared']],
  ['dynamically', 'packages/kit/src/a.ts', 'const x = await import(`@relais/gateway`);', ['direction', 'undeclared']],
  [
    'connect-node elsewhere',
    'packages/gateway/src/core/a.ts',
    "import { x } from '@connectrpc/connect-node';",
    ['door'],
  ],
  ['level elsewhere', 'packages/storage/src/backends/memory/a.ts', "import { Level } from 'level';", ['door']],
  [
    'level by its parts',
    'packages/storage/src/backends/memory/a.test.ts',
    "import { x } from 'classic-level';",
    ['door'],
  ],
  ['the environment', 'packages/kit/src/a.ts', 'export const x = process.env.HOME;', ['environment']],
  ['the environment by index', 'packages/kit/src/a.ts', "export const x = process['env'].HOME;", ['environment']],
  ['the environment by import', 'packages/kit/src/a.ts', "import { env } from 'node:process';", ['environment']],
  ['a deep import', 'packages/platform/src/a.ts', "import { x } from '@relais/storage/dist/x.js';", ['deep-import']],
  ['a relative way out', 'packages/platform/src/a.ts', "import { x } from '../../storage/src/x.js';", ['deep-import']],
  ['a way out of src', 'packages/storage/src/a.ts', "import x from '../package.json';", ['deep-import']],
  ['tools reaching in', 'tools/bench/a.mjs', "import { x } from '../../packages/kit/dist/x.js';", ['deep-import']],
  ['an export star', 'packages/kit/src/a.ts', "export * from './b.js';", ['export-star']],
  ['a named export star', 'packages/kit/src/a.ts', "export * as b from './b.js';", ['export-star']],
  ['an undeclared library', 'packages/storage/src/a.ts', "import { pino } from 'pino';", ['undeclared']],
  ['a long file', 'packages/kit/src/a.ts', '\n'.repeat(401), ['length']],
  ['a long tool', 'tools/bench/a.mjs', '\n'.repeat(401), ['length']],
  ['something put off', 'packages/kit/src/a.ts', word('TO', 'DO'), ['later']],
  ['something to mend', 'packages/worker/src/a.py', word('FIX', 'ME'), ['later']],
];

test.each(broken)('is refused: %s', (_title, path, text, rules) => {
  expect(check({ ...sound, [path]: `${text}\n` })).toEqual(rules.map((rule) => `${path} ${rule}`));
});

test('is refused: a manifest that points the wrong way', () => {
  const files = {
    ...sound,
    ...manifest('kit', { dependencies: { '@relais/gateway': '', '@relais/contracts': '', pino: '' } }),
  };
  expect(check(files)).toEqual(['packages/kit/package.json direction']);
});

test('400 lines are not too many', () => {
  expect(check({ ...sound, 'packages/kit/src/a.ts': '\n'.repeat(400) })).toEqual([]);
});

test('imports are read in every form, and nothing else is', () => {
  const text = `
import a from 'a';
import * as b from "b";
import type { C } from 'c';
import d, { type D } from 'd';
import { aLongName,
  another } from 'e';
export { f } from 'f';
export * from 'g';
import 'h';
const i = await import('i');
type J = import('j').J;
const k = require('k');
export const text = 'nothing from here';
export const list = Array.from('no');
export function make() { return { from: 'no' }; }
// import l from 'no';
/** import m from 'no' */
`;
  expect(importsOf(text).sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k']);
});
