import { existsSync } from 'node:fs';
import { type Finding, good, lacking } from './finding.js';
import { firstLine } from './run.js';

const install = 'apt-get install bubblewrap';
const allow =
  'allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, and kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu';

/** What can be put between functions and this machine, found out by doing it. */
export async function sandbox(): Promise<Finding[]> {
  return [await namespaces(), cgroups()];
}

async function namespaces(): Promise<Finding> {
  const version = await firstLine('bwrap', ['--version']);
  const bwrap = ['--ro-bind', '/', '/', '--unshare-all', '--die-with-parent', 'true'];
  if (version !== undefined && (await firstLine('bwrap', bwrap)) !== undefined) {
    return good('sandbox', `${version} works`);
  }
  const unshare = ['--user', '--map-root-user', '--pid', '--fork', '--mount', '--net', 'true'];
  if ((await firstLine('unshare', unshare)) !== undefined) {
    const what = version === undefined ? 'bubblewrap is not installed' : 'bubblewrap does not work here';
    return lacking('sandbox', `${what}; namespaces by unshare work`, version === undefined ? install : allow);
  }
  return lacking('sandbox', 'this user can make no namespaces', version === undefined ? `${install}; ${allow}` : allow);
}

function cgroups(): Finding {
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) return good('cgroup', 'version 2');
  if (existsSync('/sys/fs/cgroup/memory')) return good('cgroup', 'version 1, with memory');
  return lacking(
    'cgroup',
    'no controllers are mounted',
    'boot with cgroups, or give a container its own by --cgroupns',
  );
}
