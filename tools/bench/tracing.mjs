// node tools/bench/tracing.mjs [--smoke] [--json]: what tracing costs. POST /invoke of the C hello on three platforms, all
// running at once and called in turn: traces off, 1 % and all of them sampled.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { deploy, withRelais } from './relais.mjs';
import { compare, table } from './rounds.mjs';

const { values: options } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const measure = options.smoke ? { rounds: 1, roundMs: 500 } : { rounds: 25, roundMs: 1000 };
const clients = options.smoke ? 4 : 32;
const source = readFileSync(join(import.meta.dirname, '../../examples/hello.c'));

const flagsOf = (ratio) => ['--trace-sample-ratio', ratio, '--traces-per-second-max', '1000000'];
const rows = await withRelais(flagsOf('0'), (off) =>
  withRelais(flagsOf('0.01'), (some) => withRelais(flagsOf('1'), (all) => compareThem({ off, '1 %': some, all }))),
);
console.log(options.json ? JSON.stringify(rows, null, 2) : table(rows));

async function compareThem(platforms) {
  const scenarios = [];
  for (const [name, { pid, url }] of Object.entries(platforms)) {
    const id = await deploy(url, 'hello', 'c', source);
    scenarios.push({ name: `traces ${name}`, pid, url, path: `/invoke?fn=${id}`, payload: '{"input":"test"}' });
  }
  return compare(scenarios, clients, measure);
}
