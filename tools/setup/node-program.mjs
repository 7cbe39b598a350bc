// The program of the npm package "node", without what else its script brings: that runs a second npm once everything else is
// unpacked, for 2,800 headers of C beside one program, and took more than half of an installation.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const blockBytes = 512;
const packedAs = 'package/bin/node';

/**
 * Fetches the program; npm checks it against its registry. Undefined when this way is closed: another system, no network.
 *
 * @param {string} version @param {NodeJS.ProcessEnv} env what npm is run with @returns {Promise<Buffer | undefined>}
 */
export async function fetchNodeProgram(version, env) {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = mkdtempSync(join(tmpdir(), 'relais-node-'));
  try {
    const args = ['pack', `${name}@${version}`, '--silent', '--prefer-offline', '--pack-destination', folder];
    if (process.platform !== 'linux' || !(await ran('npm', args, env))) return undefined;
    return entryOf(gunzipSync(readFileSync(join(folder, `${name}-${version}.tgz`))), packedAs);
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts it where the package's own script would, with the link that npm makes. */
export function placeNodeProgram(root, program) {
  const modules = join(root, 'node_modules');
  const [path, link] = [join(modules, 'node/bin/node'), join(modules, '.bin/node')];
  for (const each of [path, link]) {
    mkdirSync(dirname(each), { recursive: true });
    rmSync(each, { force: true });
  }
  writeFileSync(path, program, { mode: 0o755 });
  symlinkSync('../node/bin/node', link);
}

/** @returns {Promise<boolean>} whether it ended well */
export function ran(file, args, env, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'ignore'], env, ...options });
    child.once('error', () => resolve(false)).once('close', (code) => resolve(code === 0));
  });
}

/** The content of one file of a tar. */
function entryOf(tar, wanted) {
  for (let at = 0; at + blockBytes <= tar.length; ) {
    const name = textOf(tar, at, 100);
    const bytes = Number.parseInt(textOf(tar, at + 124, 12), 8) || 0;
    const from = at + blockBytes;
    if (name === wanted) return tar.subarray(from, from + bytes);
    at = from + Math.ceil(bytes / blockBytes) * blockBytes;
  }
  return undefined;
}

function textOf(tar, at, length) {
  return tar.toString('latin1', at, at + length).split('\0', 1)[0];
}
