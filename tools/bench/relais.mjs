import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTarget } from './target.mjs';

const root = join(import.meta.dirname, '../..');

/** Runs work against a platform of its own, with a data directory of its own, and leaves nothing behind. */
export async function withRelais(flags, work) {
  const data = mkdtempSync(join(tmpdir(), 'relais-bench-'));
  const target = await startTarget('relais', [
    join(root, 'packages/cli/dist/main.js'),
    ...['up', '--port', '0', '--data', data, ...flags],
  ]);
  try {
    return await work({
      ...target,
      deploy: (name, lang, example) => deploy(target.url, name, lang, exampleSource(example)),
    });
  } finally {
    await target.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

/** Resolves with the id. */
export async function deploy(url, name, lang, source) {
  const response = await fetch(`${url}/deploy?name=${name}&lang=${lang}`, { method: 'POST', body: source });
  const answer = await response.json();
  if (!answer.ok) throw new Error(`deploy of ${name} failed: ${JSON.stringify(answer)}`);
  return answer.id;
}

function exampleSource(file) {
  return readFileSync(join(root, 'examples', file));
}
