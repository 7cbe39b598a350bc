// node tools/bench/peers.mjs [--smoke] [--json]: the platform beside others in one run: a bare node:http echo, workerd
// with the same JavaScript, and a process per request. Needs npm's registry for workerd and cc for the spawned program.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { functions, relaisSource } from './peers/functions.mjs';
import { startWorkerd } from './peers/workerd.mjs';
import { deploy, withRelais } from './relais.mjs';
import { compare, table } from './rounds.mjs';
import { startEcho, startTarget } from './target.mjs';

const root = join(import.meta.dirname, '../..');
const { values: options } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const length = options.smoke ? { rounds: 1, roundMs: 300 } : { rounds: 3, roundMs: 2000 };
const clientCounts = options.smoke ? [16] : [1, 16, 64, 256];

const stops = [];
try {
  const echo = await started(startEcho());
  const workerd = await started(startWorkerd());
  const spawning = await started(
    startTarget('spawn', [join(import.meta.dirname, 'peers/spawn-server.mjs'), nativeHello()]),
  );
  await withRelais([], async (relais) => {
    const cHello = await relais.deploy('hello-c', 'c', 'hello.c');
    for (const fn of functions) await deploy(relais.url, fn.name, 'js', relaisSource(fn));
    for (const fn of functions) {
      const { name, payload } = fn;
      const scenarios = [
        { ...echo, path: '/', payload },
        { name: 'workerd js', pid: workerd.pid, url: workerd.urlOf(name), path: '/', payload },
        { ...relais, name: 'relais js', path: `/invoke?fn=${name}`, payload },
        ...(name === 'hello' ? [{ ...relais, name: 'relais c', path: `/invoke?fn=${cHello}`, payload }] : []),
        ...(name === 'hello' ? [{ ...spawning, name: 'process per request, c', path: '/', payload }] : []),
      ];
      for (const clients of clientCounts) print(name, await compare(scenarios, clients, length));
    }
  });
} finally {
  for (const stop of stops.reverse()) await stop();
}

async function started(starting) {
  const target = await starting;
  stops.push(() => target.stop());
  return target;
}

/** The C hello as a program of this machine. */
function nativeHello() {
  const folder = mkdtempSync(join(tmpdir(), 'relais-native-'));
  stops.push(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'hello');
  const { status } = spawnSync('cc', ['-O2', '-o', program, join(root, 'examples/hello.c')], { stdio: 'inherit' });
  if (status !== 0) throw new Error('cc could not compile examples/hello.c; apt-get install gcc libc6-dev');
  return program;
}

function print(name, rows) {
  if (options.json) console.log(JSON.stringify({ function: name, rows }));
  else console.log(`\n${name}\n${table(rows)}`);
}
