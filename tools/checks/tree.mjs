// The files of the tree that we write ourselves, as checks see them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

const generated = /^packages\/contracts\/src\/(grpc|edge)\//;
const skippedFolders = new Set(['node_modules', 'dist', '.git', 'coverage', '.relais']);
const written = /\.(ts|tsx|mjs|cjs|js|py|php|proto|sh)$/;

/**
 * @typedef {{ path: string, text: string }} SourceFile  path from the root, with forward slashes
 * @param {string} root
 * @param {readonly string[]} folders where to look, from the root
 * @returns {SourceFile[]} sorted by path, without generated code
 */
export function sourceFiles(root, folders) {
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => walk(join(root, folder)))
    .map((file) => relative(root, file).split(sep).join('/'))
    .filter((path) => written.test(path) && !generated.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

function walk(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return skippedFolders.has(entry.name) ? [] : walk(path);
    return entry.isFile() ? [path] : [];
  });
}

/**
 * @param {string} root
 * @returns {Map<string, { exports: Set<string>, dependencies: Set<string> }>} what each package declares, by folder name
 */
export function packageFacts(root) {
  const facts = new Map();
  for (const name of readdirSync(join(root, 'packages'))) {
    const manifest = join(root, 'packages', name, 'package.json');
    if (!existsSync(manifest)) continue;
    const { exports = {}, dependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8'));
    facts.set(name, { exports: new Set(Object.keys(exports)), dependencies: new Set(Object.keys(dependencies)) });
  }
  return facts;
}
