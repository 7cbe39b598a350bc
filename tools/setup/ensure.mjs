// Runs before start and test: installs what package-lock.json asks for when it is not there, then builds what changed.
// Plain Node 20 and no dependency: it is the first thing a fresh clone runs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..');
const binaries = join(root, 'node_modules/.bin');
const stamp = join(root, 'node_modules/.relais-install');

const nodeMajorMin = 20;
if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
  fail(
    `Node ${nodeMajorMin} or newer is needed, this is ${process.version}. Install one from nodejs.org, then run this again.`,
  );
}

const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
if (!isInstalled()) install();
build();

function isInstalled() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(join(binaries, 'node'));
}

function install() {
  say('installing dependencies, once; this takes about a minute ...');
  // Not npm ci: it refuses a lockfile that lacks other platforms' optional binaries. Without --no-save npm would write the
  // addresses of this machine's registry into the lockfile.
  const line = 'npm install --no-save --no-audit --no-fund --loglevel=error';
  // npm itself must not run on the Node that it is about to install.
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => entry !== binaries);
  if (!run(line, path)) {
    fail('npm could not install, see above. It needs its registry once: check the network, then run this again.');
  }
  // Asked of the binary itself: npm leaves a file that is no program where install scripts are switched off.
  const { stdout } = spawnSync(join(binaries, 'node'), ['--version'], { encoding: 'utf8' });
  const { dependencies } = readManifest();
  if (stdout?.trim() !== `v${dependencies.node}`) {
    fail('npm did not run the install script of the package "node". Run: npm rebuild node --ignore-scripts=false');
  }
  writeFileSync(stamp, wanted);
}

function build() {
  say('building what changed ...');
  if (run(readManifest().scripts.build, [binaries, process.env.PATH])) return;
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
