// A copy of this tree as a clone would be, with what is not committed yet, and installed so that no network is needed.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Files that git knows or would take are copied with their times. `node_modules` is hard-linked, since installing changes
 * no file in place; what was built is copied, since building does.
 */
export function freshCopy(root, target) {
  mkdirSync(target, { recursive: true });
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const files = listed.toString().split('\0');
  copy(
    root,
    target,
    ['--preserve=timestamps,mode'],
    [...new Set(files)].filter((file) => file && existsSync(join(root, file))),
  );
  const built = globSync(['packages/*/dist', 'packages/*/*.tsbuildinfo', '*.tsbuildinfo'], { cwd: root });
  copy(root, target, ['--archive'], built);
  const installed = globSync(['node_modules', 'packages/*/node_modules'], { cwd: root });
  copy(root, target, ['--archive', '--link'], installed);
  // The one file there that is written in place.
  copy(root, target, ['--archive', '--remove-destination'], ['node_modules/.relais-install']);
}

function copy(root, target, flags, paths) {
  for (let at = 0; at < paths.length; at += 500) {
    const args = [...flags, '--parents', '--target-directory', target, '--', ...paths.slice(at, at + 500)];
    const { status, stderr } = spawnSync('cp', args, { cwd: root, encoding: 'utf8' });
    if (status !== 0) throw new Error(`cp: ${stderr.slice(0, 2000)}`);
  }
}
