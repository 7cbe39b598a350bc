// node tools/bench/cold-start.mjs [--smoke] [--json]: from nothing to a loaded handler, in milliseconds: an interpreter
// spawned for the call, as it is and in the sandbox that a worker uses, beside what a worker does (forked from a fork server,
// or started ahead, in that sandbox too). Rounds are interleaved.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { FunctionConfig, FunctionVersion, Isolation } from '@relais/contracts';
import { systemClock } from '@relais/kit';
import { createRuntimes, findSandbox, removeTree } from '@relais/worker';

const { values: options } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const rounds = options.smoke ? 3 : 40;
/** The first of several at once has what was made ahead; the others do not. */
const bursts = [2, 8];
/** Time for a process started ahead to boot, which a worker has between calls that come one by one. */
const restMs = 250;
const workerCode = join(import.meta.dirname, '../../packages/worker/dist');
const shims = join(workerCode, 'runtimes');
const mebibyte = 1024 * 1024;

const languages = [
  {
    lang: 'python',
    filename: 'fn.py',
    source: 'import json, asyncio\ndef handler(event, context):\n    return 1\n',
    command: ['python3', ['-c', 'import sys; print(sys.executable)']],
    args: ['-I', '-u', '-B', '-X', 'utf8', join(shims, 'python/shim.py')],
  },
  {
    lang: 'php',
    filename: 'fn.php',
    source: '<?php function handler($event, $context) { return 1; }',
    command: ['php', ['-r', 'echo PHP_BINARY;']],
    args: [join(shims, 'php/shim.php')],
  },
  {
    lang: 'js',
    filename: 'fn.js',
    source: 'export const handler = () => 1;',
    command: [process.execPath, ['-p', 'process.execPath']],
    args: [join(shims, 'js/shim.mjs')],
  },
];

let lastJobId = 0;

const directory = mkdtempSync(join(tmpdir(), 'relais-bench-'));
const searchPath = process.env.PATH ?? '/usr/bin:/bin';
const { sandbox } = await findSandbox({ directory: join(directory, 'sandbox'), searchPath });
const runtimes = createRuntimes(
  languages.map(({ lang }) => lang),
  {
    clock: systemClock,
    sandbox,
    groups: undefined,
    scratchDirectory: join(directory, 'scratch'),
    cacheDirectory: join(directory, 'cache'),
    searchPath,
  },
);
try {
  const rows = [];
  for (const language of languages) {
    const runtime = runtimes.find(({ lang }) => lang === language.lang);
    const { runs, reason } = await runtime.probe();
    if (runs) rows.push(...(await measure(language, runtime)));
    else console.error(`skipped ${language.lang}: ${reason}`);
  }
  print(rows);
} finally {
  for (const runtime of runtimes) await runtime.close();
  removeTree(directory);
}

async function measure(language, runtime) {
  const interpreter = spawnSync(...language.command, { encoding: 'utf8' }).stdout.trim();
  const work = { source: Buffer.from(language.source), filename: language.filename };
  const config = FunctionConfig.fromPartial({ timeoutMs: 30_000, memoryMb: 128, isolation: Isolation.ISOLATION_FRESH });
  const { form } = await runtime.build({ ...work, config }, 30_000);
  const { lang, filename } = language;
  const version = FunctionVersion.fromPartial({ id: 'f_1', name: 'f', version: 1, lang, form, filename, config });
  const loaded = await runtime.load(version, work.source);
  const cold = async () => coldMs(await loaded.invoke(nextCall()));
  await cold();
  const samples = { plain: [], spawned: [], ahead: [], burst: bursts.map(() => []) };
  const plain = [interpreter, ...language.args];
  const confined = sandbox.wrap(policyFor(interpreter), plain);
  for (let round = 0; round < rounds; round++) {
    samples.plain.push(await spawnMs(plain, language));
    samples.spawned.push(await spawnMs(confined, language));
    await pause(restMs);
    samples.ahead.push(await cold());
    if (round % 4 > 0) continue;
    for (const [at, count] of bursts.entries()) {
      await pause(restMs);
      samples.burst[at].push(Math.max(...(await Promise.all(Array.from({ length: count }, cold)))));
    }
  }
  await loaded.close();
  const spawnedMs = middle(samples.spawned);
  const how = lang === 'js' ? 'started ahead' : 'forked ahead';
  return [
    row(`${lang}, spawned, no sandbox`, samples.plain, spawnedMs),
    row(`${lang}, spawned`, samples.spawned, spawnedMs),
    row(`${lang}, ${how}`, samples.ahead, spawnedMs),
    ...bursts.map((count, at) => row(`${lang}, slowest of ${count} at once`, samples.burst[at], spawnedMs)),
  ];
}

function nextCall() {
  lastJobId++;
  const budgetMs = 30_000;
  const deadlineMs = systemClock.nowMs() + budgetMs;
  const payload = Buffer.alloc(0);
  return {
    jobId: lastJobId,
    invocationId: `${lastJobId}`,
    payload,
    deadlineMs,
    budgetMs,
    traceparent: '',
    attempt: 1,
    begun: () => {},
  };
}

function coldMs({ result, coldUs }) {
  if (!result.ok) throw result.error;
  if (coldUs === 0) throw new Error('a fresh instance was expected');
  return coldUs / 1000;
}

/** What a worker grants a process of a function. */
function policyFor(interpreter) {
  const prefix = dirname(dirname(interpreter));
  const readable = [workerCode, ...(prefix.startsWith('/usr') ? [] : [prefix])];
  return {
    readable: readable.map((path) => ({ source: path, at: path })),
    writable: [],
    directory: '/tmp',
    tmpBytesMax: 64 * mebibyte,
    filesMax: 1024,
    fileBytesMax: 64 * mebibyte,
    descriptors: 4,
    nests: false,
    groups: [],
  };
}

/** Spawns the language's shim and loads the handler into it as a worker does. */
async function spawnMs([command, ...args], { source, filename }) {
  const beganMs = performance.now();
  const child = spawn(command, args, {
    cwd: directory,
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  const facts = { name: 'f', id: 'f_1', version: 1 };
  const header = JSON.stringify({ type: 'load', filename, env: {}, function: facts, outputBytesMax: 1024 });
  const prefix = Buffer.alloc(8);
  prefix.writeUInt32LE(Buffer.byteLength(header), 0);
  prefix.writeUInt32LE(source.length, 4);
  child.stdio[3].write(Buffer.concat([prefix, Buffer.from(header), Buffer.from(source)]));
  const [reply] = await once(child.stdio[3], 'data');
  const elapsedMs = performance.now() - beganMs;
  if (!reply.includes('"ready"')) throw new Error(`the shim answered ${reply}`);
  process.kill(-child.pid, 'SIGKILL');
  await once(child, 'close');
  rmSync(join(directory, '.relais'), { recursive: true, force: true });
  return elapsedMs;
}

function middle(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function row(name, samplesMs, spawnedMs) {
  const p50Ms = middle(samplesMs);
  const p95Ms = samplesMs.toSorted((a, b) => a - b)[Math.floor(samplesMs.length * 0.95)];
  return { name, p50Ms, p95Ms, ratio: p50Ms / spawnedMs };
}

function print(rows) {
  if (options.json) {
    console.log(JSON.stringify(rows, null, 2));
    return;
  }
  console.log(`Median of ${rounds} interleaved round(s), process and handler load; node ${process.version}.`);
  console.log('cold start                      p50 ms   p95 ms   of spawning in the sandbox');
  for (const { name, p50Ms, p95Ms, ratio } of rows) {
    const cells = [name.padEnd(29), p50Ms.toFixed(2).padStart(8), p95Ms.toFixed(2).padStart(8)];
    console.log([...cells, `${(ratio * 100).toFixed(1)} %`.padStart(27)].join(' '));
  }
}
