// Makes packages/*/dist of packages/*/src without looking at types, which takes a second: what starting needs where
// TypeScript is not installed. Wherever it is, `npm run build` does it, and finds mistakes.
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '../..');

for (const name of globSync('packages/*/src', { cwd: root })) {
  const source = join(root, name);
  const files = globSync('**/*.ts', { cwd: source }).filter((file) => !/\.test\.ts$/.test(file));
  await build({
    absWorkingDir: source,
    entryPoints: files,
    outbase: source,
    outdir: join(source, '../dist'),
    format: 'esm',
    platform: 'node',
    target: 'node24',
    sourcemap: true,
    logLevel: 'warning',
  });
}
