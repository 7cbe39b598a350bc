// How long from `npm start` in a fresh clone to the answer of a function of one's own: once with npm's cache empty, once
// with the cache that left.
//
//   node tools/bench/first-function.mjs
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../..');
const startMsMax = 300_000;
const endMsMax = 40_000;
/** What the set-up says when a part of it begins. */
const marks = [
  ['install', /^relais: installing/],
  ['build', /^relais: building/],
  ['start', /^> node .* up/],
  ['ready', /^relais ready (http:\S+)/],
];

const folder = mkdtempSync(join(tmpdir(), 'relais-first-function-'));
try {
  console.log('npm cache  install s  build s  start s  deploy and call s  all s');
  for (const cache of ['cold', 'warm']) {
    const clone = join(folder, cache);
    execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${root}`, clone]);
    const parts = await firstFunction(clone);
    rmSync(clone, { recursive: true });
    const cells = [10, 8, 8, 18, 6].map((width, index) => (parts[index] / 1000).toFixed(1).padStart(width));
    console.log(`${cache.padEnd(9)} ${cells.join(' ')}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Milliseconds of install, build, start, deploy with call, and of all. */
async function firstFunction(clone) {
  const beganMs = performance.now();
  const child = spawn('npm', ['start', '--', '--port', '0'], { cwd: clone, env: environment(), detached: true });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    const { at, url } = await ready(child, ended);
    await deployAndCall(clone, url);
    const answeredMs = performance.now();
    const since = { ...at, start: at.start ?? at.build };
    return [
      since.build - since.install,
      since.start - since.build,
      since.ready - since.start,
      answeredMs - since.ready,
      answeredMs - beganMs,
    ];
  } finally {
    await end(child.pid, ended);
  }
}

/** What a user's shell has: nothing of this tree's own programs, and nothing npm gave to a script of it. */
function environment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE|RELAIS_|INIT_CWD)/.test(name));
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter), npm_config_cache: join(folder, 'npm-cache') };
}

/** When each part began, milliseconds, and the URL; rejects with what was said when it does not come. */
function ready({ stderr, stdout }, ended) {
  const at = {};
  const said = [];
  return new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${why}:\n${said.join('\n')}`));
    const timer = setTimeout(fail, startMsMax, 'not ready in time');
    void ended.then((code) => fail(`ended with ${code}`));
    for (const input of [stdout, stderr]) {
      createInterface({ input }).on('line', (line) => {
        said.push(line);
        for (const [name, form] of marks) {
          const found = form.exec(line);
          if (found) at[name] ??= performance.now();
          if (!found || name !== 'ready') continue;
          clearTimeout(timer);
          resolve({ at, url: found[1] });
        }
      });
    }
  });
}

async function deployAndCall(clone, url) {
  const source = readFileSync(join(clone, 'examples/hello.c'));
  const deployed = await fetch(`${url}/deploy?name=mine&lang=c`, { method: 'POST', body: source });
  const answer = await fetch(`${url}/invoke?fn=mine`, { method: 'POST', body: '{"input":"test"}' });
  if (deployed.status !== 201 || answer.status !== 200) throw new Error(await answer.text());
  await answer.text();
}

/** Ctrl-C for the whole group, harder when it is not heard. */
async function end(pid, ended) {
  const signal = (name) => {
    try {
      process.kill(-pid, name);
    } catch {
      // All of it has gone by itself.
    }
  };
  signal('SIGINT');
  const timer = setTimeout(signal, endMsMax, 'SIGKILL');
  await ended;
  clearTimeout(timer);
  signal('SIGKILL');
}
