// node tools/bench/strategies.mjs [--smoke] [--json]: the balancing strategies on a mixed workload of real functions. One
// platform runs; the strategy is changed at run time between rounds, which are interleaved. Four of five calls are of WASM
// functions, the rest of JavaScript and Python handlers; of each kind some are called far more often than others.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { strategyNames } from '@relais/balancer';
import { helloModule } from './hello-module.mjs';
import { treeCpuMs } from './process-tree.mjs';
import { startTarget } from './target.mjs';

const root = join(import.meta.dirname, '../..');
const { values: options } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const rounds = options.smoke ? 1 : 5;
const roundMs = options.smoke ? 300 : 3000;
const settleMs = options.smoke ? 100 : 1000;
const clients = 32;
const perKind = options.smoke ? 2 : 10;
const kinds = { wasm: 0.8, js: 0.1, python: 0.1 };
const sources = {
  wasm: (name) => helloModule(name),
  js: (name) => `export default () => '${name}'`,
  python: (name) => `def handler(event, context):\n    return '${name}'\n`,
};

const data = mkdtempSync(join(tmpdir(), 'relais-strategies-'));
const target = await startTarget('relais', [
  join(root, 'packages/cli/dist/main.js'),
  ...['up', '--port', '0', '--data', data, '--workers', '8'],
]);
try {
  for (const lang of Object.keys(kinds)) {
    for (let index = 0; index < perKind; index++) {
      const name = `${lang}-${index}`;
      await post(`/deploy?name=${name}&lang=${lang}`, sources[lang](name));
    }
  }
  const samples = new Map(strategyNames.map((strategy) => [strategy, []]));
  for (let round = 0; round < rounds; round++) {
    for (const strategy of strategyNames) {
      await post('/relais.v1.ClusterService/SetStrategy', JSON.stringify({ strategy }), 'application/json');
      await load(settleMs);
      samples.get(strategy).push(await load(roundMs));
    }
  }
  print([...samples].map(([strategy, runs]) => summary(strategy, runs)));
} finally {
  await target.stop();
  rmSync(data, { recursive: true, force: true });
}

/** All clients call one after the other for so long. */
async function load(durationMs) {
  const startMs = performance.now();
  const cpuBeforeMs = treeCpuMs(target.pid);
  const latenciesMs = { wasm: [], native: [] };
  const client = async () => {
    while (performance.now() - startMs < durationMs) {
      const lang = chooseKind();
      const name = `${lang}-${Math.min(perKind - 1, Math.floor(-2 * Math.log(1 - Math.random())))}`;
      const beganMs = performance.now();
      const { output } = await post(`/invoke?fn=${name}`, '');
      if (output !== name) throw new Error(`${name} answered ${output}`);
      latenciesMs[lang === 'wasm' ? 'wasm' : 'native'].push(performance.now() - beganMs);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const elapsedMs = performance.now() - startMs;
  const count = latenciesMs.wasm.length + latenciesMs.native.length;
  return {
    requestsPerSecond: (count / elapsedMs) * 1000,
    cpuUs: ((treeCpuMs(target.pid) - cpuBeforeMs) * 1000) / count,
    wasm50Ms: quantile(latenciesMs.wasm, 0.5),
    wasm99Ms: quantile(latenciesMs.wasm, 0.99),
    native50Ms: quantile(latenciesMs.native, 0.5),
    native99Ms: quantile(latenciesMs.native, 0.99),
  };
}

function chooseKind() {
  let at = Math.random();
  const found = Object.entries(kinds).find(([, share]) => {
    at -= share;
    return at < 0;
  });
  return found?.[0] ?? 'wasm';
}

async function post(path, body, type = 'text/plain') {
  const response = await fetch(target.url + path, { method: 'POST', body, headers: { 'content-type': type } });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  return answer;
}

function quantile(values, share) {
  return values.sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}

function summary(strategy, runs) {
  const middles = Object.keys(runs[0]).map((key) => [
    key,
    quantile(
      runs.map((run) => run[key]),
      0.5,
    ),
  ]);
  return { strategy, ...Object.fromEntries(middles) };
}

function print(rows) {
  if (options.json) {
    console.log(JSON.stringify(rows, null, 2));
    return;
  }
  console.log(
    `Median of ${rounds} interleaved round(s) of ${roundMs} ms, ${clients} clients; node ${process.version}.`,
  );
  console.log(
    '| strategy | CPU µs per request | requests/s | WASM p50 ms | WASM p99 ms | native p50 ms | native p99 ms |',
  );
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const { strategy, cpuUs, requestsPerSecond, wasm50Ms, wasm99Ms, native50Ms, native99Ms } of rows) {
    const figures = [wasm50Ms, wasm99Ms, native50Ms, native99Ms].map((value) => value.toFixed(2));
    console.log(`| ${[strategy, cpuUs.toFixed(0), requestsPerSecond.toFixed(0), ...figures].join(' | ')} |`);
  }
}
