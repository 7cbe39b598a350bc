// Runs before start and test: installs what package-lock.json asks for when it is not there, then builds.
// Plain Node 20 and no dependency: it is the first thing a fresh clone runs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const stamp = join(root, 'node_modules/.relais-install');

const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  console.error(
    `relais needs Node 20 or newer to install itself; this is ${process.version}. Install it from nodejs.org or your distribution.`,
  );
  process.exit(1);
}

const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const present = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
if (present !== wanted) {
  console.error('relais: installing dependencies (once) ...');
  // install, not ci: it keeps to the lockfile too, and does not refuse one that lacks other platforms' optional binaries.
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, wanted);
}
run('npm', ['run', '--silent', 'build']);

function run(command, args) {
  const path = `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH}`;
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
  });
  if (status !== 0) {
    console.error(`relais: "${command} ${args.join(' ')}" failed${error ? `: ${error.message}` : ''}; see above.`);
    process.exit(status ?? 1);
  }
}
