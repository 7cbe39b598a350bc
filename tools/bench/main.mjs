// npm run bench [-- --smoke] [-- --json]: POST /invoke of the C hello through the whole chain beside a bare node:http
// echo, in one run, rounds interleaved. Prints the ratio of the medians; absolute figures move with the machine.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { closedLoop, postRequest } from './http-client.mjs';
import { treeCpuMs } from './process-tree.mjs';
import { startTarget } from './target.mjs';

const root = join(import.meta.dirname, '../..');
const { values: options } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const rounds = options.smoke ? 1 : 5;
const roundMs = options.smoke ? 500 : 3000;
const concurrencies = options.smoke ? [8] : [1, 32];

const data = mkdtempSync(join(tmpdir(), 'relais-bench-'));
const targets = [];
try {
  targets.push(await startTarget('echo', [join(root, 'tools/bench/echo-server.mjs')]));
  targets.push(
    await startTarget('relais', [join(root, 'packages/cli/dist/main.js'), 'up', '--port', '0', '--data', data]),
  );
  const [echo, relais] = targets;
  const id = await deployHello(relais.url);
  const body = '{"input":"test"}';
  const scenarios = [
    { target: echo, request: postRequest('/', body) },
    { target: relais, request: postRequest(`/invoke?fn=${id}`, body) },
  ];
  const rows = [];
  for (const connections of concurrencies) rows.push(...(await compare(scenarios, connections)));
  print(rows);
} finally {
  for (const target of targets.reverse()) await target.stop();
  rmSync(data, { recursive: true, force: true });
}

async function deployHello(url) {
  const source = readFileSync(join(root, 'examples/hello.c'));
  const response = await fetch(`${url}/deploy?name=hello&lang=c`, { method: 'POST', body: source });
  const answer = await response.json();
  if (!answer.ok) throw new Error(`deploy failed: ${JSON.stringify(answer)}`);
  return answer.id;
}

async function compare(scenarios, connections) {
  const samples = new Map(scenarios.map(({ target }) => [target.name, []]));
  for (const scenario of scenarios) await oneRound(scenario, connections, roundMs / 2);
  for (let round = 0; round < rounds; round++) {
    for (const scenario of scenarios) {
      samples.get(scenario.target.name).push(await oneRound(scenario, connections, roundMs));
    }
  }
  const rows = scenarios.map(({ target }) => summary(target.name, connections, samples.get(target.name)));
  const base = rows[0].requestsPerSecond;
  return rows.map((row) => ({ ...row, ratio: row.requestsPerSecond / base }));
}

async function oneRound({ target, request }, connections, durationMs) {
  const cpuBeforeMs = treeCpuMs(target.pid);
  const { host, port } = target;
  const { latenciesMs, elapsedMs } = await closedLoop({ host, port, request, connections, durationMs });
  const cpuMs = treeCpuMs(target.pid) - cpuBeforeMs;
  latenciesMs.sort((a, b) => a - b);
  const count = latenciesMs.length;
  return {
    requestsPerSecond: (count / elapsedMs) * 1000,
    p50Ms: latenciesMs[Math.floor(count * 0.5)],
    p99Ms: latenciesMs[Math.floor(count * 0.99)],
    cpuUs: (cpuMs * 1000) / count,
  };
}

function summary(name, connections, samples) {
  const middle = (pick) => samples.map(pick).sort((a, b) => a - b)[Math.floor(samples.length / 2)];
  return {
    name,
    connections,
    requestsPerSecond: middle((sample) => sample.requestsPerSecond),
    p50Ms: middle((sample) => sample.p50Ms),
    p99Ms: middle((sample) => sample.p99Ms),
    cpuUs: middle((sample) => sample.cpuUs),
  };
}

function print(rows) {
  if (options.json) {
    console.log(JSON.stringify(rows, null, 2));
    return;
  }
  console.log(`Median of ${rounds} interleaved round(s) of ${roundMs} ms each; node ${process.version}.`);
  console.log('target   clients   requests/s   ratio   p50 ms   p99 ms   CPU us/request');
  for (const row of rows) {
    const cells = [
      row.name.padEnd(8),
      String(row.connections).padStart(7),
      row.requestsPerSecond.toFixed(0).padStart(12),
      row.ratio.toFixed(2).padStart(7),
      row.p50Ms.toFixed(2).padStart(8),
      row.p99Ms.toFixed(2).padStart(8),
      row.cpuUs.toFixed(0).padStart(16),
    ];
    console.log(cells.join(' '));
  }
}
