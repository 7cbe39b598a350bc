// Copies what is not TypeScript (shims in other languages) from src to dist, and drops compiled files whose source went.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');
const copied = /\.(py|php|mjs|cjs|json)$/;
const compiled = /(\.d\.ts(\.map)?|\.js(\.map)?)$/;

for (const name of readdirSync(join(root, 'packages'))) {
  const source = join(root, 'packages', name, 'src');
  const target = join(root, 'packages', name, 'dist');
  if (!existsSync(source) || !existsSync(target)) continue;
  for (const file of filesIn(source)) {
    if (!copied.test(file)) continue;
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(source, file), join(target, file));
  }
  for (const file of filesIn(target)) {
    const origin = file.replace(compiled, '.ts');
    if (origin !== file && !existsSync(join(source, origin))) rmSync(join(target, file));
  }
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
