// Runs before start and test: installs what package-lock.json asks for when it is not there, then builds what changed.
// Plain Node 20 and no dependency: it is the first thing a fresh clone runs.
//
//   node ensure.mjs [run]     run: only what running needs, a third of what developing does
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fetchNodeProgram, placeNodeProgram, ran } from './node-program.mjs';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..');
const binaries = join(root, 'node_modules/.bin');
const stamp = join(root, 'node_modules/.relais-install');
const isForRunning = process.argv[2] === 'run';

const nodeMajorMin = 20;
if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
  fail(
    `Node ${nodeMajorMin} or newer is needed, this is ${process.version}. Install one from nodejs.org, then run this again.`,
  );
}

const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const forRunning = `${wanted} without what developing needs`;
if (!isInstalled()) await install();
build();

function isInstalled() {
  const installed = existsSync(stamp) && existsSync(join(binaries, 'node')) ? readFileSync(stamp, 'utf8') : '';
  return installed === wanted || (isForRunning && installed === forRunning);
}

async function install() {
  say('installing dependencies, once; this can take a minute ...');
  const { allowScripts, dependencies } = readManifest();
  // npm itself must not run on the Node that it is about to install.
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => entry !== binaries);
  const env = { ...process.env, PATH: path.join(delimiter) };
  // Not npm ci: it refuses a lockfile that lacks other platforms' optional binaries. Without --no-save npm would write the
  // addresses of this machine's registry into the lockfile. The lockfile pins everything, so what is cached is not asked for.
  const which = isForRunning ? '--omit=dev' : '--include=dev';
  const line = `npm install ${which} --prefer-offline --no-save --no-audit --no-fund --loglevel=error --ignore-scripts`;
  // The one program that is a third of it all is unpacked at the same time, on another core.
  const program = fetchNodeProgram(dependencies.node, env);
  if (!(await ran(line, [], env, { cwd: root, stdio: ['ignore', 2, 2], shell: true }))) {
    fail('npm could not install, see above. It needs its registry once: check the network, then run this again.');
  }
  const fetched = await program;
  if (fetched) placeNodeProgram(root, fetched);
  // The scripts of everything else behind it; only those that package.json allows.
  const scripted = Object.keys(allowScripts).filter((name) => allowScripts[name] && !(fetched && name === 'node'));
  if (!run(`npm rebuild ${scripted.join(' ')} --ignore-scripts=false --loglevel=error`, path)) {
    fail(`the install scripts of ${scripted.join(', ')} failed, see above.`);
  }
  // Asked of the binary itself: npm leaves a file that is no program where install scripts are switched off.
  const { stdout } = spawnSync(join(binaries, 'node'), ['--version'], { encoding: 'utf8' });
  if (stdout?.trim() !== `v${dependencies.node}`) {
    fail('npm did not run the install script of the package "node". Run: npm rebuild node --ignore-scripts=false');
  }
  writeFileSync(stamp, isForRunning ? forRunning : wanted);
}

function build() {
  say('building what changed ...');
  const { build, transpile } = readManifest().scripts;
  if (run(existsSync(join(binaries, 'tsc')) ? build : transpile, [binaries, process.env.PATH])) return;
  fail('the build failed, see above. If you did not change the code: remove packages/*/dist, then run this again.');
}

function run(line, path) {
  const env = { ...process.env, PATH: path.join(delimiter) };
  return spawnSync(line, { cwd: root, stdio: ['ignore', 2, 2], shell: true, env }).status === 0;
}

function readManifest() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}

function say(text) {
  console.error(`relais: ${text}`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
