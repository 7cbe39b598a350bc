// Makes the package that is published of packages/sdk: its compiled code with the generated contract inside, so that
// nothing of it refers to a package that exists only in this tree.
//
//   node tools/release/sdk-package.mjs FOLDER     writes FOLDER/package and prints the path of the tarball
import { spawnSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');
const contract = '@relais/contracts/edge';
/** Where the generated code lands in the package. */
const contractFolder = 'contract';
const isShipped = (file) => /\.(js|d\.ts)$/.test(file) && !/\.test\.|\/testing\//.test(file);

/**
 * @param {string} folder an empty one
 * @returns {string} path of the tarball
 */
export function packSdk(folder) {
  const target = join(folder, 'package');
  copyCompiled(target);
  copyContract(join(target, 'dist', contractFolder));
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(publishedManifest(), null, 2)}\n`);
  copyFileSync(join(root, 'packages/sdk/README.md'), join(target, 'README.md'));
  copyFileSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
  return join(folder, packed(target, folder));
}

function copyCompiled(target) {
  const dist = join(root, 'packages/sdk/dist');
  for (const file of globSync('**/*', { cwd: dist }).filter(isShipped)) {
    const up = relative(dirname(file), contractFolder) || '.';
    const text = readFileSync(join(dist, file), 'utf8').replaceAll(contract, `${dotted(up)}/edge.js`);
    write(join(target, 'dist', file), withoutMap(text));
  }
}

/** The public services alone: reflection and health are for other clients. */
function copyContract(target) {
  const dist = join(root, 'packages/contracts/dist');
  for (const file of globSync('edge/relais/**/*', { cwd: dist }).filter(isShipped)) {
    write(join(target, file), withoutMap(readFileSync(join(dist, file), 'utf8')));
  }
  for (const file of ['edge.js', 'edge.d.ts']) {
    const lines = readFileSync(join(dist, file), 'utf8').split('\n');
    write(join(target, file), withoutMap(lines.filter((line) => !/edge\/(grpc|health)\//.test(line)).join('\n')));
  }
}

function publishedManifest() {
  const manifest = JSON.parse(readFileSync(join(root, 'packages/sdk/package.json'), 'utf8'));
  const { '@relais/contracts': _, ...dependencies } = manifest.dependencies;
  const { private: __, exports, ...rest } = manifest;
  const entries = Object.entries(exports).map(([name, file]) => [
    name,
    { types: file.replace(/\.js$/, '.d.ts'), default: file },
  ]);
  return { ...rest, exports: Object.fromEntries(entries), files: ['dist'], dependencies };
}

function packed(target, folder) {
  const { status, stdout, stderr } = spawnSync('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: target,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npm pack failed:\n${stderr}`);
  const [{ filename }] = Object.values(JSON.parse(stdout));
  return filename;
}

function dotted(path) {
  return path.startsWith('.') ? path : `./${path}`;
}

function withoutMap(text) {
  return text.replace(/^\/\/# sourceMappingURL=.*\n?/m, '');
}

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2];
  if (folder === undefined) throw new Error('usage: node tools/release/sdk-package.mjs FOLDER');
  mkdirSync(folder, { recursive: true });
  console.log(packSdk(folder));
}
