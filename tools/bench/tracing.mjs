// node tools/bench/tracing.mjs [--smoke] [--json]: what tracing costs. POST /invoke of the C hello on three platforms, all
// running at once and called in turn: traces off, 1 % and all of them sampled. Two platforms alike differ by some hundredths for
// as long as they live, so each set of rounds has new ones; a set counts as one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { deploy, withRelais } from './relais.mjs';
import { compare, medianRows, table } from './rounds.mjs';

const { values: options } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const setCount = options.smoke ? 1 : 9;
const measure = options.smoke ? { rounds: 1, roundMs: 500 } : { rounds: 4, roundMs: 2000 };
const clients = options.smoke ? 4 : 32;
const source = readFileSync(join(import.meta.dirname, '../../examples/hello.c'));
const ratios = { 'traces off': '0', 'traces 1 %': '0.01', 'traces all': '1' };

const sets = [];
// Whichever is started first in one set is started last in the next.
for (const names = Object.keys(ratios); sets.length < setCount; names.push(names.shift())) {
  sets.push(await withPlatforms(names, {}, compareThem));
}
const rows = medianRows(sets);
console.log(options.json ? JSON.stringify(rows, null, 2) : table(rows));

async function withPlatforms([name, ...others], started, work) {
  if (name === undefined) return work(started);
  const flags = ['--trace-sample-ratio', ratios[name], '--traces-per-second-max', '1000000'];
  return withRelais(flags, (relais) => withPlatforms(others, { ...started, [name]: relais }, work));
}

async function compareThem(platforms) {
  const scenarios = [];
  for (const name of Object.keys(ratios)) {
    const { pid, url } = platforms[name];
    const id = await deploy(url, 'hello', 'c', source);
    scenarios.push({ name, pid, url, path: `/invoke?fn=${id}`, payload: '{"input":"test"}' });
  }
  return compare(scenarios, clients, measure);
}
