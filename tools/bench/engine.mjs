// node tools/bench/engine.mjs [--smoke] [--json]: what running a function costs, and whether it stays below what it should:
// resets against new instances inside the engine, cold starts against spawning, warm and first calls through the HTTP port.
// Exits with 1 when a target is missed; on a machine with other work to do, run it again before believing that.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FunctionConfig, FunctionVersion, Isolation } from '@relais/contracts';
import { systemClock } from '@relais/kit';
import { createRuntimes, noSandbox } from '@relais/worker';
import { helloModule } from './hello-module.mjs';
import { median } from './median.mjs';
import { deploy, withRelais } from './relais.mjs';
import { compare } from './rounds.mjs';

const root = join(import.meta.dirname, '../..');
const { values: options } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const calls = options.smoke ? 200 : 3000;
const rounds = options.smoke ? 1 : 5;
const firstCalls = options.smoke ? 3 : 40;
const roundMs = options.smoke ? 300 : 2000;
const warmingClients = 4;
const warmingMs = options.smoke ? 300 : 6000;

const rows = [...(await insideTheEngine()), ...coldStarts(), ...(await throughThePort())];
print(rows);
process.exitCode = options.smoke || rows.every(({ met }) => met !== false) ? 0 : 1;

async function insideTheEngine() {
  const directory = mkdtempSync(join(tmpdir(), 'relais-bench-'));
  const [runtime] = createRuntimes(['c'], {
    clock: systemClock,
    sandbox: noSandbox,
    groups: undefined,
    scratchDirectory: join(directory, 'scratch'),
    cacheDirectory: join(directory, 'cache'),
    searchPath: process.env.PATH ?? '/usr/bin:/bin',
  });
  try {
    const source = readFileSync(join(root, 'examples/hello.c'));
    const fresh = await load(runtime, source, Isolation.ISOLATION_FRESH);
    const reused = await load(runtime, source, Isolation.ISOLATION_REUSE);
    const samples = { reset: [], new: [], reused: [] };
    await runMany(fresh, calls);
    await runMany(reused, calls);
    for (let round = 0; round < rounds; round++) {
      samples.reset.push(await runMany(fresh, calls));
      samples.new.push(await runMany(fresh, calls, () => fresh.close()));
      samples.reused.push(await runMany(reused, calls));
    }
    const [reset, anew, kept] = [samples.reset, samples.new, samples.reused].map(median);
    return [
      row('C hello, instance reset, CPU', reset, 'us', 15),
      row('C hello, new instance, CPU', anew, 'us'),
      row('C hello, instance reused, CPU', kept, 'us'),
      row('new over reset', anew / reset, 'x', 5, 'least'),
    ];
  } finally {
    await runtime.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function load(runtime, source, isolation) {
  const config = FunctionConfig.fromPartial({ timeoutMs: 30_000, memoryMb: 128, isolation });
  const { artifact, form } = await runtime.build({ source, filename: 'hello.c', config }, 60_000);
  const version = FunctionVersion.fromPartial({
    id: 'f_1',
    name: 'f',
    version: 1,
    lang: 'c',
    wasm: true,
    form,
    config,
  });
  return runtime.load(version, artifact);
}

/**
 * CPU time of the process over many calls, microseconds each: what a new instance leaves to the kernel and to the garbage
 * collector is part of its price, and what else the machine has to do is not.
 */
async function runMany(loaded, count, before) {
  const payload = Buffer.from('{"input":"test"}');
  const from = process.cpuUsage();
  for (let call = 0; call < count; call++) {
    if (before) await before();
    const deadlineMs = systemClock.nowMs() + 60_000;
    const told = { jobId: call, invocationId: 'bench', budgetMs: 60_000, traceparent: '', attempt: 1, begun: () => {} };
    const { result } = loaded.invoke({ ...told, payload, deadlineMs });
    if (!result.ok) throw result.error;
  }
  const { system, user } = process.cpuUsage(from);
  return (system + user) / count;
}

/** The same figures as the benchmark of cold starts, of which this is a part. */
function coldStarts() {
  const args = [join(import.meta.dirname, 'cold-start.mjs'), '--json', ...(options.smoke ? ['--smoke'] : [])];
  const measured = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  const forked = measured.find(({ name }) => name === 'python, forked ahead');
  const spawned = measured.find(({ name }) => name === 'python, spawned');
  if (!forked || !spawned) return [];
  return [
    row('Python cold start, spawned, p50', spawned.p50Ms, 'ms'),
    row('Python cold start, forked ahead, p50', forked.p50Ms, 'ms'),
    row('spawned over forked', spawned.p50Ms / forked.p50Ms, 'x', 8, 'least'),
  ];
}

async function throughThePort() {
  return withRelais([], async (relais) => {
    await relais.deploy('add', 'js', 'add.js');
    const firstMs = [];
    for (let index = 0; index <= firstCalls; index++) {
      await deploy(relais.url, `f${index}`, 'wasm', helloModule(`hello ${index}`));
      const beganMs = performance.now();
      await post(`${relais.url}/invoke?fn=f${index}`);
      firstMs.push(performance.now() - beganMs);
    }
    const scenario = { ...relais, path: '/invoke?fn=add', payload: '{"a":2,"b":3}' };
    // What is called for long is compiled well; the first ten thousand calls are not yet.
    await compare([scenario], warmingClients, { rounds: 1, roundMs: warmingMs });
    const [warm] = await compare([scenario], 1, { rounds, roundMs });
    // The very first call of all opens the connection.
    return [
      row('JS warm handler through the port, p50', warm.p50Ms, 'ms', 0.5),
      row('WASM first call after deploy, p50', median(firstMs.slice(1)), 'ms', 10),
    ];
  });
}

async function post(url) {
  const response = await fetch(url, { method: 'POST', body: '' });
  const answer = await response.json();
  if (!answer.ok) throw new Error(`${url}: ${JSON.stringify(answer)}`);
}

/** `target` is what it may come to at most, or at least. */
function row(name, value, unit, target, bound = 'most') {
  if (target === undefined) return { name, value, unit };
  return { name, value, unit, target, bound, met: bound === 'most' ? value <= target : value >= target };
}

function print(rows) {
  if (options.json) {
    console.log(JSON.stringify(rows, null, 2));
    return;
  }
  console.log(
    `Medians of ${rounds} interleaved round(s) of ${calls} calls each in the engine; node ${process.version}.`,
  );
  for (const { bound, met, name, target, unit, value } of rows) {
    const verdict = met === undefined ? '' : `${met ? 'met' : 'MISSED'}: at ${bound} ${target} ${unit}`;
    console.log(`${name.padEnd(40)}${value.toFixed(value < 10 ? 2 : 1).padStart(8)} ${unit.padEnd(3)} ${verdict}`);
  }
}
