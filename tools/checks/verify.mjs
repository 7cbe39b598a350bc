// npm run verify: everything CI holds a change to, and each benchmark once. Stops at the first step that fails.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

const steps = [
  ['format and lint', 'npm run --silent lint'],
  ['build', 'npm run --silent build'],
  ['generated code', 'npm test --silent -- tools/checks/generated'],
  ['tests', 'npm test --silent'],
  ['benchmark of the whole path, once', 'npm run --silent bench -- --smoke'],
  ['benchmark of tracing, once', 'node tools/bench/tracing.mjs --smoke'],
  ['benchmark of cold starts, once', 'node tools/bench/cold-start.mjs --smoke'],
  ['benchmark of the engine, once', 'node tools/bench/engine.mjs --smoke'],
  ['benchmark of dev, once', 'node tools/bench/dev-loop.mjs --saves 2'],
  ['benchmark of many functions, once', 'node tools/bench/many-functions.mjs --functions 20'],
];

const beganMs = performance.now();
for (const [index, [title, line]] of steps.entries()) {
  console.log(`verify: ${index + 1}/${steps.length} ${title}`);
  const { status } = spawnSync(line, { cwd: root, stdio: 'inherit', shell: true });
  if (status === 0) continue;
  console.error(`verify: FAILED at ${title} (${line}); nothing after it ran`);
  process.exit(1);
}
console.log(`verify: passed in ${Math.round((performance.now() - beganMs) / 1000)} s`);
