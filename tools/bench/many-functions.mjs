// node tools/bench/many-functions.mjs [--functions 1000]: deploys many functions, calls each once, and prints what all
// processes of the platform hold before and after. Half are WASM modules, the rest JavaScript and Python handlers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { helloModule } from './hello-module.mjs';
import { treeMemoryMb } from './process-tree.mjs';
import { startTarget } from './target.mjs';

const root = join(import.meta.dirname, '../..');
const { values: options } = parseArgs({ options: { functions: { type: 'string', default: '1000' } } });
const count = Number(options.functions);
const clients = 8;
const kinds = ['wasm', 'js', 'wasm', 'python'];
const sources = {
  wasm: (index) => helloModule(`f${index}`),
  js: (index) => `export default () => 'f${index}'`,
  python: (index) => `def handler(event, context):\n    return 'f${index}'\n`,
};

const data = mkdtempSync(join(tmpdir(), 'relais-many-'));
const target = await startTarget('relais', [
  join(root, 'packages/cli/dist/main.js'),
  ...['up', '--port', '0', '--data', data],
]);
try {
  const idleMb = treeMemoryMb(target.pid);
  await forEach(async (index) => {
    const lang = kinds[index % kinds.length];
    const answer = await post(`/deploy?name=f${index}&lang=${lang}`, sources[lang](index));
    if (!answer.ok) throw new Error(`f${index} was not deployed: ${JSON.stringify(answer)}`);
  });
  const deployedMb = treeMemoryMb(target.pid);
  const wrong = [];
  const startMs = performance.now();
  await forEach(async (index) => {
    const answer = await post(`/invoke?fn=f${index}`, '');
    if (answer.output !== `f${index}`) wrong.push(answer);
  });
  const calledMb = treeMemoryMb(target.pid);
  console.log(`${count} functions, each called once in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  console.log(`refused or wrong: ${wrong.length} ${JSON.stringify(wrong[0]) ?? ''}`);
  console.log(`resident MiB: ${whole(idleMb)} at start, ${whole(deployedMb)} deployed, ${whole(calledMb)} called`);
  console.log(`KiB for a function called once: ${whole(((calledMb - idleMb) * 1024) / count)}`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  await target.stop();
  rmSync(data, { recursive: true, force: true });
}

async function forEach(work) {
  let next = 0;
  const client = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: clients }, client));
}

async function post(path, body) {
  const response = await fetch(target.url + path, { method: 'POST', body });
  return response.json();
}

function whole(value) {
  return value.toFixed(0);
}
